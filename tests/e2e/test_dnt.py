"""Do Not Track, the retired standard: Tk in every response, its status resources, and the policy file, where a site asks for them."""
import hashlib
import json
import subprocess

import pytest

from harness import answer, tacet_path

CONF = """
version: 1
listen: [{{address: "127.0.0.1:0"}}]
admin: {{address: "127.0.0.1:0"}}
sites:
  - hosts: ["*"]
    origin: {{url: "{url}"}}
    choices: {{policy: /privacy}}
    dnt: {{status: {status}, policy_file: dnt.txt, policy_hashes: [{sha1}]}}
    routes: [{{name: raw, match: /raw*, filter: none}}, {{name: kids, match: /kids*, force: opt-out}}]
rule_sets: {{no: {{scripts: {{remove: [analytics, advertising, personalisation, social]}}}}, light: {{}}}}
regions: [{{name: rest, where: ["*"], honour: [gpc, dnt, choice], default: light, opted_out: no}}]
"""
POLICY = b"Dear visitor, we promise.\n"
OWN = {"Origin": "http://www.example.test", "Content-Type": "application/x-www-form-urlencoded"}


def written(folder, url, text=POLICY, sha1=hashlib.sha1(POLICY).hexdigest(), status="true", **more):
    (folder / "dnt.txt").write_bytes(text)
    conf = CONF.format(url=url, status=status, sha1=sha1)
    for old, new in more.items():
        conf = conf.replace(old, new)
    (folder / "t.yaml").write_text(conf)
    return folder / "t.yaml"


@pytest.fixture(scope="module")
def tracked(origin, tmp_path_factory):
    import harness
    folder = tmp_path_factory.mktemp("dnt")
    conf = written(folder, origin.url)
    conf.write_text(conf.read_text().replace("policy_file: dnt.txt, ", ""))  # a route that is not filtered would not be true to it
    proxy = harness.Tacet("-c", conf)
    yield proxy
    proxy.stop()


def test_every_response_says_so(tracked, origin):
    page = origin.on("/page", answer("<p>x", {"Tk": "N;other"}))
    image = origin.on("/a.png", answer(b"\x89PNG", type="image/png"))
    raw, kids = origin.on("/raw", answer("<p>x")), origin.on("/kids", answer("<p>x"))
    for path, fields, tk in (
            (page, {}, "T;d"), (page, {"DNT": "1"}, "N;o"), (page, {"DNT": "1xyz"}, "N;o"), (page, {"DNT": "0"}, "T;d"),
            (page, {"Sec-GPC": "1"}, "N;o"), (image, {"DNT": "1"}, "N;o"), (image, {}, "T;d"), (kids, {}, "N;o"), (raw, {"DNT": "1"}, "T;d"),
            ("/privacy-choices", {"DNT": "1"}, "N;o"), ("/privacy-choices", {}, "T;d"), ("/.well-known/gpc.json", {}, "T;d"),
            ("/.well-known/tacet/none", {"DNT": "1"}, "N;o")):
        assert tracked.get(path, fields).all("Tk") == [tk], (path, fields)
    assert origin.last(page).has("DNT") is False, "never invented"
    out = tracked.get("/privacy-choices", OWN, "POST", b"choice=out")
    assert out.status == 303 and out.all("Tk") == ["U;o"]
    assert tracked.get("/privacy-choices", OWN, "POST", b"choice=in").all("Tk") == ["U;d"]
    assert tracked.get("/privacy-choices", {**OWN, "DNT": "1"}, "POST", b"choice=maybe").all("Tk") == ["N;o"]


def test_status_resources(tracked, origin):
    for name, tracking in (("", "?"), ("o", "N"), ("d", "T")):
        for fields in ({}, {"DNT": "1", "Sec-GPC": "1"}):
            res = tracked.get("/.well-known/dnt/" + name, fields)
            assert res.status == 200 and res.get("Content-Type") == "application/tracking-status+json"
            assert json.loads(res.body) == {"tracking": tracking, "policy": "/privacy", "config": "/privacy-choices"}
            assert not res.has("Set-Cookie") and not res.has("Vary") and "max-age=86400" in res.get("Cache-Control")
        head = tracked.get("/.well-known/dnt/" + name, method="HEAD")
        assert head.status == 200 and head.body == b"" and int(head.get("Content-Length")) == len(res.body)
        assert tracked.get("/.well-known/dnt/" + name, method="POST").status == 405
    assert tracked.get("/.well-known/dnt/other").status == 404
    assert not [r for r in origin.requests if r.path.startswith("/.well-known/dnt")]


def test_off_unless_asked_for(texas, origin):
    path = origin.on("/plain", answer("<p>x", {"Tk": "N;other"}))
    assert texas.get(path, {"DNT": "1"}).all("Tk") == ["N;other"]
    texas.get("/.well-known/dnt/")
    assert origin.asked("/.well-known/dnt/") and not texas.get("/privacy-choices").has("Tk")


def check(conf):
    ran = subprocess.run([tacet_path(), "check", "--offline", "-c", conf], capture_output=True, text=True, timeout=60)
    return ran.returncode, ran.stdout + ran.stderr


def test_policy_file(start, fresh_origin, tmp_path):
    url, true = fresh_origin.url, {"filter: none": "filter: auto"}
    conf = written(tmp_path, url, **true)
    assert check(conf)[0] == 0
    res = start("-c", conf, listen=False).get("/.well-known/dnt-policy.txt", {"DNT": "1"})
    assert res.status == 200 and res.body == POLICY and res.get("Content-Type").startswith("text/plain") and not res.has("Set-Cookie")
    for refused, why in ((dict(text=POLICY + b" ", **true), "no known text"), (dict(sha1="", **true), "no known text"),
                         ({"[gpc, dnt, choice]": "[gpc, choice]", **true}, "does not honour dnt"), ({}, "filter: none"),
                         ({"social]": "unknown]", **true}, "leaves trackers in")):
        conf = written(tmp_path, url, **refused)
        status, said = check(conf)
        assert status not in (0, 2) and why in said, said
        ran = subprocess.run([tacet_path(), "run", "-c", conf], capture_output=True, text=True, timeout=60)
        assert ran.returncode == status and why in ran.stdout + ran.stderr
    (tmp_path / "dnt.txt").unlink()
    assert "No such file" in check(conf)[1]
