"""R04: a configuration that is wrong changes nothing, and its author learns where and what to do."""
import json
import os
import re
import subprocess
import time

import common
import harness

ID = "R04"
TITLE = "broken configurations reloaded under load"
QUICK = True

GOOD = """\
version: 1
listen: [{address: "127.0.0.1:0"}]
admin: {address: "127.0.0.1:0", socket: admin.sock}
client_address: {trusted_proxies: [127.0.0.0/8]}
lists: {use: [built-in, mine.txt]}
sites:
  - hosts: [www.example.test]
    origin: {url: "URL", timeout: 10s}
    routes: [{name: pages, match: "/*"}]
rule_sets:
  opt-out: {scripts: {remove: [analytics, advertising]}, status: "STATUS"}
  light: {}
regions:
  - {name: rest, where: ["*"], honour: [gpc, dnt, choice], default: light, opted_out: opt-out}
limits: {keepalive_requests: 1000000000, header_size: 32KiB}
"""

# What is wrong, the code of its message, what is replaced by what; ^ stands before the place that is to be named.
BROKEN = (
    ("a bracket left open", "syntax", 'timeout: 10s}', 'timeout: 10s'),
    ("a tab as indentation", "tab-indent", '    routes:', '^\troutes:'),
    ("no UTF-8", "invalid-utf8", '"STATUS"', '"^\udcff"'),
    ("a second document", "documents", 'rule_sets:', '^---\nrule_sets:'),
    ("a tag", "tag", '10s', '^!!str 10s'),
    ("an empty file", "empty-file", GOOD, ''),
    ("unknown top-level key", "unknown-key", 'regions:', '^region:'),
    ("unknown key of a site", "unknown-key", 'routes:', '^route:'),
    ("the same key twice", "duplicate-key", '  light: {}', '  light: {}\n  ^light: {}'),
    ("a merge key", "merge-key", '  light: {}', '  light: {^<<: {}}'),
    ("another version", "unsupported-version", 'version: 1', 'version: ^2'),
    ("a list where a map belongs", "wrong-type", '{scripts: {remove: [analytics, advertising]}', '{scripts: ^[analytics]'),
    ("a bad network", "bad-address", '127.0.0.0/8', '^127.0.0.0/33'),
    ("a bad address", "bad-address", '[{address: "127.0.0.1:0"}]', '[{address: ^"127.0.0.1:99999"}]'),
    ("two listeners on one address", "duplicate-address", '[{address: "127.0.0.1:0"}]',
     '[{address: "127.0.0.1:8081"}, {address: ^"127.0.0.1:8081"}]'),
    ("a key without a certificate", "missing-key", '[{address: "127.0.0.1:0"}]',
     '[{address: "127.0.0.1:0", tls: {key: ^key.pem}}]'),
    ("a certificate that is not there", "certificate", '[{address: "127.0.0.1:0"}]',
     '[{address: "127.0.0.1:0", tls: {cert: ^none.pem, key: none.pem}}]'),
    ("admin where visitors are", "duplicate-address", '"127.0.0.1:0"}]\nadmin: {address: "127.0.0.1:0"',
     '"127.0.0.1:8081"}]\nadmin: {address: ^"127.0.0.1:8081"'),
    ("a list that is not there", "list-missing", 'mine.txt', '^yours.txt'),
    ("a bad host", "bad-host", '[www.example.test]', '[^"www example.test"]'),
    ("a bad URL of an origin", "bad-url", '"URL"', '^"htp://127.0.0.1:1"'),
    ("a bad duration", "bad-duration", '10s', '^10 parsecs'),
    ("a bad size", "bad-size", '32KiB', '^32XiB'),
    ("a number out of range", "out-of-range", '1000000000', '^0'),
    ("an unknown place", "unknown-place", '["*"]', '[^ZZ, "*"]'),
    ("an unknown signal", "unknown-value", '[gpc, dnt', '[^gcp, dnt'),
    ("an unknown rule set", "unknown-rule-set", 'default: light', 'default: ^lite'),
    ("rule sets that extend each other", "extends-cycle", '  light: {}',
     '  light: {extends: other}\n  other: {extends: ^light}'),
    ("a variable that is not set", "unset-variable", '"STATUS"', '^"${TACET_NO_SUCH_VARIABLE}"'),
    ("an include that is not there", "include-missing", 'version: 1', 'version: 1\ninclude: ^nowhere.yaml'),
    ("a cycle of includes", "include-cycle", 'version: 1', 'version: 1\ninclude: t.yaml'),
    ("an include that is broken", "unknown-key", 'version: 1', 'version: 1\ninclude: broken.yaml'),
)


def write(t, url, status, old="", new=""):
    """The file, and the place that is to be named, as "LINE:COLUMN", or "" for any."""
    text = GOOD.replace(old, new, 1) if old else GOOD
    text = text.replace("URL", url).replace("STATUS", status)
    at = text.find("^")
    place = f"{text.count(chr(10), 0, at) + 1}:{at - text.rfind(chr(10), 0, at)}" if at >= 0 else ""
    path = os.path.join(t.dir, "t.yaml")
    with open(path + ".new", "wb") as f:
        f.write(text.replace("^", "").encode("utf-8", "surrogateescape"))
    os.rename(path + ".new", path)
    return place


def judged(path):
    """What `tacet check` says of it: exit status, {(code, "LINE:COLUMN")}."""
    done = subprocess.run([harness.tacet_path(), "check", "-c", path, "--format", "json"], capture_output=True)
    return done.returncode, {(m["code"], f"{m['line']}:{m['column']}") for m in json.loads(done.stdout)["messages"]}


def refusal_of(t, proxy, name, code, place):
    """None, or what is wrong with the way in which the file was refused."""
    error, text = common.admin_call(proxy.socket)
    if error != 78:
        return f"{name}: reload said {error}: {text[:200]}"
    where = re.search(r"^\S*?\w+\.yaml:(\d+:\d+): error: .+", text, re.M)
    if not where:
        return f"{name}: no file:line:column in {text[:300]!r}"
    if place and where[1] != place:
        return f"{name}: named {where[1]}, meant {place}: {text[:200]}"
    if "hint: " not in text and "did you mean" not in text:
        return f"{name}: no hint in {text[:400]!r}"
    status, said = judged(proxy.conf)
    if code not in {c for c, at in said if not place or at == place}:
        return f"{name}: check ends with {status}, {said}, meant {code}"
    if common.metric(proxy, "tacet_config_reload_success") != 0:
        return f"{name}: tacet_config_reload_success is not 0"
    return None


def only_old_rules(answer, load):
    load.notes["new" if b"Rules New" in answer.body else "old" if b"Rules Old" in answer.body else "none"] += 1
    return None


def run(t):
    origin = common.Origin(t)
    t.file("mine.txt", "||tracker.example^\n")
    t.file("broken.yaml", "rule_sets: {more: {extend: light}}\n")
    write(t, origin.url, "Rules Old")
    with open(os.path.join(t.dir, "t.yaml")) as f:
        proxy = t.start(f.read())
    load = common.Load(t, proxy.port, check=only_old_rules)
    wrong = []
    for name, code, old, new in BROKEN:
        place = write(t, origin.url, "Rules New", old, new)
        wrong.append(refusal_of(t, proxy, name, code, place))
        time.sleep(0.05)  # for the load, which looks for rules that changed
    wrong = [w for w in wrong if w]
    print("\n".join(wrong))
    os.unlink(os.path.join(t.dir, "t.yaml"))
    gone, text = common.admin_call(proxy.socket)
    result = load.stop()
    n = len(BROKEN)
    t.figure("refused with place, hint and code", f"{n - len(wrong)} of {n}" + (f": not {wrong[0]}"[:200] if wrong else ""),
             "all", not wrong)
    t.figure("refused when the file is gone", f"error {gone}", "error 78", gone == 78 and "t.yaml" in text)
    result.tell(t)
    t.figure("pages under the old rules", f"{result.notes['old']} of {result.ok}", "all",
             result.notes["old"] == result.ok > 0)
    write(t, origin.url, "Rules New")
    code, text = common.admin_call(proxy.socket)
    page = proxy.get("/p", {"Sec-GPC": "1"}).text
    t.figure("then a good one", "taken" if code == 0 else text[:100], "taken, in force",
             code == 0 and "Rules New" in page)
    success = common.metric(proxy, "tacet_config_reload_success")
    t.figure("tacet_config_reload_success after it", f"{success:.0f}", "1", success == 1)
