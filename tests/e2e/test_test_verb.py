"""`tacet test`: tests in a configuration run through the real decision and filters; what differs is said with its line."""
import json
import subprocess

import pytest

from harness import tacet_path

CONFIG = """version: 1
sites:
  - hosts: [www.example.com]
    origin: {url: "http://127.0.0.1:9"}
    keep_cookies: [sid]
    forward: {client_ip: none, geo: [country, region]}
rule_sets:
  out:
    cookies: {request: drop-listed, response: drop-listed}
    query: {strip: [click-ids]}
    scripts: {remove: [analytics, advertising, personalisation, social]}
    status: "Opt-Out Request Honored"
  light: {}
regions:
  - {name: eu, where: [EU, EEA], honour: [gpc, dnt, choice], default: out, opted_out: out}
  - {name: rest, where: ["*"], honour: [gpc, dnt, choice], default: light, opted_out: out}
tests:
  - name: the one
    request: {url: "https://www.example.com/?utm_source=a&gclid=1", from: %(place)s, headers: {%(headers)s}, cookies: {_ga: "1", sid: "2"}}
    response: {headers: {X-A: b}, set_cookie: ["_fbp=1; Path=/", "sid=3"],
               body: '<p>Hi<script src="https://www.googletagmanager.com/gtag/js"></script>'}
    expect: {%(expect)s}
"""

# place, field of the request, what comes of it
ROWS = [
    ("US-CA", "Sec-GPC: '1'", "region: rest, rule_set: out, decision: out, src: gpc, status: 200"),
    ("US-CA", "Sec-GPC: '1'", "query: utm_source=a, cookies: [sid], body_lacks: googletagmanager, body_has: [Hi, Honored]"),
    ("US-CA", "Sec-GPC: '1'", "sent_headers: {Sec-GPC: '1', Tacet-Geo: 'country=US, region=US-CA', Cookie: sid=2, X-None: null}"),
    ("US-CA", "Sec-GPC: '1'", "headers: {X-A: b, X-B: ~}, body_same: false"),
    ("US-CA", "Accept: '*/*'", "decision: in, src: none, rule_set: light, body_same: true, cookies: [_ga, sid, _fbp]"),
    ("US-CA", "Accept: '*/*'", "query: utm_source=a&gclid=1"),
    ("FR", "Accept: '*/*'", "region: eu, decision: out, src: region, body_lacks: [googletagmanager, Honored]"),
    ("NO", "DNT: '1'", "region: eu, src: dnt"),
]

# an expectation that does not come true, and what is said
WRONG = [
    ("region: eu", "expected eu, got rest"),
    ("rule_set: light", "expected light, got out"),
    ("decision: in", "expected in, got out"),
    ("src: dnt", "expected dnt, got gpc"),
    ("status: 404", "expected 404, got 200"),
    ("query: a=b", "expected a=b, got utm_source=a"),
    ("cookies: [sid, _ga]", "got sid"),
    ("cookies: []", "got sid"),
    ("sent_headers: {Sec-GPC: '0'}", "expected 0, got 1"),
    ("sent_headers: {Sec-GPC: ~}", "expected nothing, got 1"),
    ("headers: {X-B: c}", "expected c, got nothing"),
    ("body_has: googletagmanager", "got it is not there"),
    ("body_lacks: Hi", "got it is there"),
    ("body_same: true", "got false"),
]


def write(tmp_path, expect, place="US-CA", headers="Sec-GPC: '1'"):
    path = tmp_path / "t.yaml"
    path.write_text(CONFIG % dict(expect=expect, place=place, headers=headers))
    return path


def run(path, *args):
    done = subprocess.run([tacet_path(), "test", "-c", path, *args], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("place, headers, expect", ROWS)
def test_what_comes_true(tmp_path, place, headers, expect):
    code, out, err = run(write(tmp_path, expect, place, headers))
    assert (code, err) == (0, "")
    assert out == "ok 1 - the one\n1..1\n# 1 passed, 0 failed\n"


@pytest.mark.parametrize("expect, said", WRONG)
def test_what_does_not(tmp_path, expect, said):
    code, out, err = run(write(tmp_path, expect))
    assert code == 1 and out.startswith("not ok 1 - the one\n")
    assert "t.yaml:22:" in err and "the one: " in err and said in err
    assert "tacet explain -c" in err and "--from US-CA" in err and "-H 'Sec-GPC: 1'" in err


def test_the_command_that_repeats_it_works(tmp_path):
    _, _, err = run(write(tmp_path, "decision: in"))
    command = err[err.index("tacet explain"):].splitlines()[0].replace("tacet explain", f"{tacet_path()} explain", 1)
    done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "decision   out              by gpc" in done.stdout


def test_an_unknown_host_is_an_error_and_no_pass(tmp_path):
    path = write(tmp_path, "decision: out")
    path.write_text(path.read_text().replace("https://www.example.com/?", "https://other.example/?"))
    code, _, err = run(path)
    assert code == 1 and "no site has this host" in err


def test_filter_and_json(tmp_path):
    path = write(tmp_path, "decision: in")
    assert run(path, "--filter", "^other")[:2] == (0, "1..0\n# 0 passed, 0 failed\n")
    code, out, _ = run(path, "--filter", "^the", "--format", "json")
    said = json.loads(out)
    assert code == 1 and not said["ok"] and said["messages"][0]["code"] == "test-failed" and said["messages"][0]["line"] == 22
    assert run(path, "--filter", "(")[0] == 2


def test_faults_of_the_file(tmp_path):
    path = write(tmp_path, "decision: out")
    for old, new, code in [("from: US-CA", "from: US-XX", 78), ("src: ", "src: ", 1), ("url: ", "at: 2026-13-01, url: ", 78),
                           ("cookies: {_ga", "cookies: [_ga", 78)]:
        text = write(tmp_path, "decision: in, src: gpc").read_text().replace(old, new)
        path.write_text(text.replace('sid: "2"}}', 'sid]}}') if "[_ga" in new else text)
        assert run(path)[0] == code, old


def test_a_body_from_a_file_and_a_day(tmp_path):
    (tmp_path / "page.html").write_text("<body><script src='https://www.google-analytics.com/ga.js'></script>x")
    path = write(tmp_path, "body_lacks: google-analytics, body_has: x")
    text = path.read_text()
    start, end = text.index("    response:"), text.index("    expect:")
    path.write_text(text[:start].replace("from: US-CA", "at: 2026-12-01, from: US-CA") + "    response: {body_file: page.html}\n" + text[end:])
    assert run(path)[0] == 0
    path.write_text(path.read_text().replace("page.html", "gone.html"))
    code, _, err = run(path)
    assert code == 78 and "gone.html cannot be read" in err


def test_a_profile_is_tried_on_a_placeholder(tmp_path):
    path = write(tmp_path, "decision: out, rule_set: out")
    text = path.read_text()
    path.write_text("version: 1\n" + text[text.index("rule_sets:"):])
    assert run(path)[0] == 0
