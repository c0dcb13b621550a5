"""Filter lists in practice: `tacet lists`, files of all kinds, compiled ones, and what is refused."""
import hashlib
import json
import os
import subprocess

import pytest

from harness import ROOT, answer, tacet_path, total, wait_until

ASSETS = "/usr/share/mozilla/extensions/{ec8030f7-c20a-464f-9b0e-13a3a9e97384}/uBlock0@raymondhill.net/assets/"
EASYPRIVACY = ASSETS + "thirdparties/easylist/easyprivacy.txt"
CONF = """
version: 1
listen: [{{address: "127.0.0.1:0"}}]
admin: {{address: "127.0.0.1:0"}}
sites: [{{hosts: ["*"], origin: {{url: "{url}"}}}}]
rule_sets:
  opt-out: {{scripts: {{remove: [analytics, advertising]}}, status: "{status}"}}
  light: {{}}
regions: [{{name: rest, where: ["*"], honour: [gpc], default: light, opted_out: opt-out}}]
lists: {{use: [{use}]}}
"""
RULES = """! Title: Ours
! Version: 42
! Licence: none
||tracker.example^
||tracker.example/ok.js$important
@@||tracker.example/fine.js
@@||tracker.example/ok.js
/pixel?id=$image
||write.example^$method=post
||other.example^$third-party
##.ad
"""


def lists(*args, cwd=ROOT):
    return subprocess.run([tacet_path(), "lists", *map(str, args)], capture_output=True, text=True, timeout=120, cwd=cwd)


def told(*args, **kw):
    ran = lists(*args, "--json", **kw)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.fixture
def ours(tmp_path):
    (tmp_path / "ours.txt").write_text(RULES)
    return tmp_path / "ours.txt"


# ---- what they hold ----

def test_a_list_and_what_it_says_of_itself(ours):
    built_in, mine = told("--use", "built-in", "--use", ours)["lists"]
    assert built_in["name"] == "built-in" and built_in["rules"]["host"] > 100 and built_in["licence"]
    assert (mine["name"], mine["title"], mine["version"], mine["licence"]) == (str(ours), "Ours", "42", "none")
    assert mine["sha256"] == hashlib.sha256(RULES.encode()).hexdigest()
    assert mine["rules"]["host"] == 3 and mine["rules"]["exception"] == 2 and mine["rules"]["pattern"] == 2
    assert mine["skipped"]["cosmetic rule or scriptlet"] == 1 and sum(mine["skipped"].values()) == 1
    text = lists("--use", ours).stdout
    for word in ("ours.txt: 7 rules, 1 skipped", "Ours", "42", "none", "3 host", "2 exception", "1 cosmetic rule", str(ours)):
        assert word in text, text


def test_a_list_without_version_has_its_date(ours):
    ours.write_text("||tracker.example^\n")
    os.utime(ours, (1767225600, 1767225600))
    assert told("--use", ours)["lists"][0]["version"] == "2026-01-01"


def test_the_lists_of_a_configuration(ours, tmp_path):
    conf = tmp_path / "t.yaml"
    conf.write_text(CONF.format(url="http://127.0.0.1:1", status="x", use="built-in, ours.txt"))
    assert [x["name"] for x in told("-c", conf)["lists"]] == ["built-in", str(ours)]
    assert lists("-c", tmp_path / "none.yaml").returncode == 78
    assert [x["name"] for x in told()["lists"]][0] == "built-in"


def test_packages_of_the_system():
    if not os.path.exists(EASYPRIVACY):
        pytest.skip("webext-ublock-origin-firefox is not installed")
    easyprivacy, easylist = told("--use", "easyprivacy", "--use", "easylist")["lists"]
    assert easyprivacy["title"] == "EasyPrivacy" and easyprivacy["classes"] == ["analytics"] and sum(easyprivacy["rules"].values()) > 50000
    assert easylist["title"] == "EasyList" and easylist["classes"] == ["advertising"]
    assert easyprivacy["version"] and "easylist" in easyprivacy["licence"]


def test_hosts_files_directories_includes_and_json(tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d/a.txt").write_text("# Title: Hosts\n0.0.0.0 one.example\n127.0.0.1 two.example three.example\n")
    (tmp_path / "d/b.txt").write_text("||four.example^\n!#include more.inc\n")
    (tmp_path / "d/more.inc").write_text("||five.example^\n")
    ruleset = [{"id": 1, "metadata": {"rawFilterList": "! Title: AdGuard\n! Version: 2.1\n||six.example^\n"}}, {"id": 2}]
    (tmp_path / "ruleset_3.json").write_text(json.dumps(ruleset))
    found = told("--use", tmp_path / "d", "--use", tmp_path / "ruleset_3.json")["lists"]
    assert [(os.path.basename(x["name"]), x["title"], sum(x["rules"].values()), x["within"]) for x in found] == [
        ("a.txt", "Hosts", 3, 0), ("b.txt", None, 1, 1), ("more.inc", None, 1, 1), ("ruleset_3.json", "AdGuard", 1, 3)]
    assert found[3]["version"] == "2.1"


# ---- which rule ----

def judged(url, *args, use):
    (one,) = told("match", url, "--use", use, *args)["urls"]
    return {a["type"]: a for a in one["answers"]}, one


def test_which_rule_and_why(ours):
    by_type, one = judged("https://a.tracker.example/x.js", use=ours)
    assert one["third_party"] and len(by_type) == 12
    script = by_type["script"]
    assert script["verdict"] == "blocked" and script["class"] == "advertising" and by_type["document"]["verdict"] == "passes"
    assert script["rule"] == {"text": "||tracker.example^", "list": str(ours), "line": 4, "exception": False, "important": False,
                              "index": "host"}
    freed = judged("tracker.example/fine.js", "--type", "script", use=ours)[0]["script"]
    assert freed["verdict"] == "allowed" and freed["rule"]["line"] == 6 and freed["instead_of"]["line"] == 4
    kept = judged("//tracker.example/ok.js", "--type", "SCRIPT", use=ours)[0]["script"]
    assert kept["verdict"] == "blocked" and kept["rule"]["important"] and kept["rule"]["line"] == 5
    pixel = judged("any.example:8080/pixel?id=1", use=ours)[0]
    assert pixel["image"]["rule"]["index"] == "text" and pixel["script"]["verdict"] == "passes"
    assert pixel["script"]["rule"] is None


def test_who_asks_and_how(ours):
    assert judged("w.other.example/x", use=ours)[0]["script"]["verdict"] == "blocked"
    at_home, one = judged("w.other.example/x", "--from", "https://www.other.example/page", use=ours)
    assert at_home["script"]["verdict"] == "passes" and one["from"] == "www.other.example" and not one["third_party"]
    assert judged("write.example/x", use=ours)[0]["xmlhttprequest"]["verdict"] == "passes"
    assert judged("write.example/x", "--method", "post", use=ours)[0]["xmlhttprequest"]["verdict"] == "blocked"


def test_in_words(ours):
    ran = lists("match", "tracker.example/fine.js", "tracker.example/ok.js?https://b.example", "--use", ours)
    assert ran.returncode == 0
    for word in ("https://tracker.example/fine.js\n", "third party", "allowed   script, image", "exception ours.txt:6: @@||tracker.example/fine.js",
                 "from      ours.txt:4: ||tracker.example^", "passes    document", "rule      ours.txt:5:", "important", "class     advertising"):
        assert word in ran.stdout, ran.stdout


@pytest.mark.parametrize("args, word", [
    (["mtch"], 'did you mean "match"'), (["match"], "which URL"), (["match", "a.example", "--type", "scrpt"], "one of script, image"),
    (["match", "a.example", "--method", "GRAB"], "one of GET"), (["match", "http://"], "no URL"), (["match", ""], "no URL"),
    (["match", "a.example", "--from", "::"], "--from"), (["compile"], "-o FILE"), (["--format", "xml"], "text or json"),
    (["-c", "a", "--use", "b"], "not both"), (["--nonsense"], "--nonsense")])
def test_wrong_usage(args, word):
    ran = lists(*args, *([] if "--use" in args or args[0] == "--nonsense" else ["--use", "built-in"]))
    assert ran.returncode == 2 and word in ran.stderr and "tacet lists --help" in ran.stderr, ran


def test_help():
    ran = lists("--help")
    assert ran.returncode == 0 and "compile" in ran.stdout and "--resolver" in ran.stdout
    assert lists("match", "--help").stdout == ran.stdout


# ---- refused ----

BAD = {
    "an HTML page": (b"<!doctype html>\n<title>502</title>\n", ":1: this is an HTML page"),
    "nothing": (b"", ":1: the file is empty"),
    "binary": (b"||a.example^\n\x1f\x8b\x08\x00\n", ":2: this is not text"),
    "half a rule": (b"||a.example^\n||b.exam", ":2: the last line has no end"),
    "half a condition": (b"||a.example^\n!#if true\n||b.example^\n", ":2: no !#endif"),
    "prose": (b"||a.example^\nThe list has moved.\nSee our site.\n", ":2: this line is no rule"),
    "JSON": (b'{"error": 404}\n', ":1: this is JSON"),
    "half of a compiled one": (b"tacetls\x1a\4\3\2\1", ": it is cut short"),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_is_refused(kind, tmp_path):
    data, why = BAD[kind]
    (tmp_path / "bad.txt").write_bytes(data)
    ran = lists("--use", "built-in", "--use", tmp_path / "bad.txt")
    assert ran.returncode == 78 and not ran.stdout, ran
    assert f"{tmp_path}/bad.txt{why}" in ran.stderr and "\n   hint: " in ran.stderr, ran.stderr
    conf = tmp_path / "t.yaml"
    conf.write_text(CONF.format(url="http://127.0.0.1:1", status="x", use="built-in, bad.txt"))
    ran = subprocess.run([tacet_path(), "check", "-c", conf, "--offline", "--format", "json"], capture_output=True, text=True)
    (message,) = [m for m in json.loads(ran.stdout)["messages"] if m["severity"] == "error"]
    assert ran.returncode == 78 and why in message["message"] and message["hint"], ran


def test_an_included_file_is_judged_too(tmp_path):
    (tmp_path / "a.txt").write_text("||a.example^\n!#include b.txt\n")
    (tmp_path / "b.txt").write_text("||b.exam")
    ran = lists("--use", tmp_path / "a.txt")
    assert ran.returncode == 78 and "b.txt:1: the last line has no end" in ran.stderr


def test_one_that_is_huge(tmp_path):
    with open(tmp_path / "huge.txt", "wb") as f:
        f.write(b"||a.example^\n")
        f.truncate(65 << 20)
    ran = lists("--use", tmp_path / "huge.txt")
    assert ran.returncode == 78 and "64 MiB" in ran.stderr


@pytest.fixture
def configured(start, fresh_origin, tmp_path, ours):
    conf = tmp_path / "t.yaml"

    def write(status, use="built-in, ours.txt"):
        conf.write_text(CONF.format(url=fresh_origin.url, status=status, use=use))

    write("One")
    fresh_origin.on("/p", answer('<!doctype html><body><script src="https://tracker.example/t.js"></script><script src="https://new.example/t.js">'
                                 "</script></body>"))
    return start("-c", conf, listen=False), write


def page(proxy):
    return proxy.get("/p", {"Sec-GPC": "1"}).text


def test_the_old_lists_stay(configured, ours):
    proxy, write = configured
    assert "tracker.example" not in page(proxy) and "new.example" in page(proxy)
    for data, why in BAD.values():
        ours.write_bytes(data)
        write("Two")
        lines = len(proxy.lines)
        proxy.reload()
        wait_until(lambda: any(why in line for line in proxy.lines[lines:]), f"the refusal: {why}")
        assert "One" in page(proxy) and "tracker.example" not in page(proxy)
        assert total(proxy.metrics(), "tacet_config_reload_success") == 0
    ours.write_text(RULES + "||new.example^\n")
    proxy.reload()
    wait_until(lambda: "Two" in page(proxy), "the good list")
    assert "new.example" not in page(proxy) and "tracker.example" not in page(proxy)


# ---- compiled ----

def test_a_compiled_list_serves(configured, ours, tmp_path):
    proxy, write = configured
    out = tmp_path / "all.lists"
    ours.write_text(RULES + "||new.example^\n")
    ran = lists("compile", "-o", out, "--use", "built-in", "--use", ours)
    assert ran.returncode == 0 and "2 lists" in ran.stdout, ran
    assert [x["name"] for x in told("--use", out)["lists"]] == ["built-in", str(ours)]
    assert told("--use", out) == told("--use", "built-in", "--use", ours)
    write("Two", "all.lists")
    proxy.reload()
    wait_until(lambda: "Two" in page(proxy), "the compiled list")
    assert "tracker.example" not in page(proxy) and "new.example" not in page(proxy)
    out.write_bytes(out.read_bytes()[:-100])  # in its place: what is in force is a copy
    assert "tracker.example" not in page(proxy)
    write("Three", "all.lists")
    proxy.reload()
    wait_until(lambda: any("cut short" in line for line in proxy.lines), "the refusal")
    assert "Two" in page(proxy) and "tracker.example" not in page(proxy)


@pytest.mark.parametrize("use", [["built-in", "all.lists"], ["all.lists", "built-in"], ["all.lists", "more.txt"], ["more.txt", "all.lists"],
                                 ["built-in", "more.txt", "all.lists"]])
def test_compiled_beside_others(use, ours, tmp_path):
    (tmp_path / "more.txt").write_text("@@||tracker.example/x.js\n||more.example^\n||other.example^$third-party,badfilter\n")
    assert lists("compile", "-o", tmp_path / "all.lists", "--use", "built-in", "--use", ours).returncode == 0
    args = [x for name in use for x in ("--use", name)]
    urls = ["tracker.example/y.js", "tracker.example/x.js", "more.example/x", "other.example/x", "google-analytics.com/analytics.js"]
    found = told("match", *urls, "--type", "script", *args, cwd=tmp_path)["urls"]
    more = "more.txt" in use
    assert [u["answers"][0]["verdict"] for u in found] == ["blocked", "allowed" if more else "blocked", "blocked" if more else "passes",
                                                           "passes" if more else "blocked", "blocked"]
    assert found[0]["answers"][0]["rule"]["line"] == 4 and found[0]["answers"][0]["rule"]["list"] == str(ours)
    names = [x["name"] for x in told(*args, cwd=tmp_path)["lists"]]
    assert names.count("built-in") == 1 or use[0] == "built-in" and more, names


def test_a_damaged_compiled_list(ours, tmp_path):
    out = tmp_path / "all.lists"
    assert lists("compile", "-o", out, "--use", ours).returncode == 0
    data = bytearray(out.read_bytes())
    data[len(data) // 2] ^= 4
    out.write_bytes(data)
    ran = lists("--use", out)
    assert ran.returncode == 78 and "its checksum is wrong" in ran.stderr and "compile it anew" in ran.stderr


def test_where_it_cannot_be_written(ours, tmp_path):
    ran = lists("compile", "-o", tmp_path / "none/all.lists", "--use", ours)
    assert ran.returncode == 1 and "none/all.lists" in ran.stderr
    (tmp_path / "bad.txt").write_text("||a")
    (tmp_path / "all.lists").write_text("kept")
    assert lists("compile", "-o", tmp_path / "all.lists", "--use", tmp_path / "bad.txt").returncode == 78
    assert (tmp_path / "all.lists").read_text() == "kept" and not list(tmp_path.glob("all.lists.*"))
