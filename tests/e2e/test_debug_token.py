"""`tacet debug token`: who runs the proxy gets the trace of his own request; nobody else learns that there is one."""
import glob
import hashlib
import json
import os
import re
import subprocess

import pytest

from harness import Client, answer, chunked_answer, get, tacet_path

HOST = "www.shop.example"
CONF = """
version: 1
listen: [{{address: "127.0.0.1:0"}}]
admin: {{address: "127.0.0.1:0", socket: {socket}}}
{state}
lists: {{use: [built-in]}}
sites:
  - hosts: [{host}]
    origin: {{url: "{url}"}}
    mode: {mode}
    routes:
      - {{name: kids, match: /kids/*, force: opt-out}}
      - {{name: default, match: "*", response: {{set: {{CDN-Cache-Control: max-age=9}}}}}}
rule_sets:
  said-no:
    cookies: {{request: drop-listed, response: drop-listed}}
    query: {{strip: [click-ids]}}
    scripts: {{remove: [analytics, advertising]}}
  light: {{}}
regions: [{{name: rest, where: ["*"], default: light, opted_out: said-no}}]
"""
PAGE = "<!doctype html><title>t</title><script src=\"https://www.google-analytics.com/analytics.js\"></script><p>hello"
TRACE = "/.well-known/tacet/debug"


def configure(tmp_path, url, name="t", mode="filter", state=None):
    conf = tmp_path / f"{name}.yaml"
    conf.write_text(CONF.format(url=url, host=HOST, mode=mode, socket=tmp_path / f"{name}.sock", state=f"state: {state}" if state else ""))
    return conf


@pytest.fixture
def proxy(start, fresh_origin, tmp_path):
    fresh_origin.on("/page", answer(PAGE, {"Cache-Control": "public, max-age=60", "ETag": '"v"', "Expires": "Thu, 01 Jan 2099 00:00:00 GMT",
                                           "Surrogate-Control": "max-age=5", "Server-Timing": "db;dur=1"}))
    tacet = start("-c", configure(tmp_path, fresh_origin.url), listen=False)
    tacet.socket = tmp_path / "t.sock"
    return tacet


def debug(*args):
    return subprocess.run([tacet_path(), "debug", *map(str, args)], capture_output=True, text=True, timeout=60)


def token_of(socket, ttl="10m"):
    done = debug("token", "--ttl", ttl, "--socket", socket)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"v1\.[0-9]+\.[A-Za-z0-9_-]{22}\n", done.stdout)
    return done.stdout.strip()


def ours(res):
    return [v for v in res.all("Server-Timing") if v.startswith("decision")]


def plain(res):
    """What a visitor can tell apart."""
    return res.start, [f for f in res.fields if f[0] != "Date"], res.body


# ---- the trace ------------------------------------------------------------------------------------------------------

def test_server_timing(proxy, fresh_origin):
    token = token_of(proxy.socket)
    res = proxy.get("/page?gclid=1&a=2", {"Tacet-Debug": token, "Sec-GPC": "1", "Cookie": "_ga=1; sid=2"}, host=HOST)
    assert res.status == 200 and "google-analytics.com/analytics.js" not in res.text
    [said] = ours(res)
    m = re.fullmatch(r'decision;dur=\d+\.\d{3};desc="([^"]*)", filters;dur=\d+\.\d{3};desc="([^"]*)", origin;dur=\d+\.\d{3}', said)
    assert m, said
    assert re.fullmatch(r"out;src=gpc;region=unknown;rules=[0-9a-f]{8}", m[1])
    done = dict(part.split("=") for part in m[2].split(";") if not part.startswith("body="))
    assert done["request_cookie"] == "1" and done["parameter"] == "1" and "body=html" in m[2]
    assert "db;dur=1" in res.all("Server-Timing") or not res.has("db"), "the origin's own is its own"
    assert fresh_origin.last("/page").get("Privacy-Decision").startswith("out;src=gpc;region=unknown;rules="), "as without it"
    res = proxy.get("/page", {"Tacet-Debug": token}, host=HOST)
    assert 'desc="in;region=unknown' in ours(res)[0] and "google-analytics.com" in res.text


def test_the_page(proxy, fresh_origin, tmp_path):
    token = token_of(proxy.socket)
    res = proxy.get(TRACE + "?fbclid=1", {"Tacet-Debug": token, "Sec-GPC": "1", "Cookie": "_ga=1; sid=2"}, host=HOST)
    assert res.status == 200 and res.get("Content-Type") == "application/json" and res.get("X-Content-Type-Options") == "nosniff"
    said = json.loads(res.text)
    assert said["site"] == HOST and said["mode"] == "filter" and said["route"] == "default"
    steps = {s["source"]: s for s in said["steps"]}
    assert list(steps) == ["gpc", "dnt", "choice", "consent", "route"]
    assert steps["gpc"] == {"source": "gpc", "heard": True, "says": "out"} and steps["dnt"]["says"] is None
    assert said["decision"]["out"] and said["decision"]["person"] and said["decision"]["src"] == "gpc"
    assert set(said["decision"]["denied"]) >= {"analytics", "advertising"}
    assert said["rule_set"]["name"] == "said-no" and said["rule_set"]["line"] > 0 and said["region"]["name"] == "rest"
    assert {(a["action"], a["what"]) for a in said["actions"]} >= {("request_cookie", "_ga"), ("parameter", "fbclid")}
    assert "cookies" in said["filters"] and said["to_origin"]["Sec-GPC"] == "1"
    assert said["to_origin"]["Privacy-Decision"].endswith(f'rules="{said["rule_set"]["hash"]}"')
    assert "X-Forwarded-For" not in said["to_origin"] and token not in res.text and "127.0.0.1" not in res.text
    assert ours(res) and res.get("Cache-Control") == "private, no-store"
    assert not fresh_origin.requests, "the origin hears nothing of it"
    explained = subprocess.run([tacet_path(), "explain", "-c", tmp_path / "t.yaml", f"http://{HOST}/?fbclid=1", "-H", "Sec-GPC: 1",
                                "-H", "Cookie: _ga=1; sid=2", "--format", "json"], capture_output=True, text=True, timeout=60)
    other = json.loads(explained.stdout)
    assert {k: said[k] for k in ("decision", "rule_set", "region", "law", "actions")} == \
        {k: other[k] for k in ("decision", "rule_set", "region", "law", "actions")}, "as explain has it"
    head = proxy.get(TRACE, {"Tacet-Debug": token}, "HEAD", host=HOST)
    assert head.status == 200 and head.body == b""
    posted = proxy.get(TRACE, {"Tacet-Debug": token}, "POST", b"x", host=HOST)
    nobody = proxy.get(TRACE, {}, "POST", b"x", host=HOST)
    assert (posted.status, posted.body) == (nobody.status, nobody.body) and posted.status >= 400, "only asking is ours"


def test_everything_else_of_ours_has_it(proxy):
    token = {"Tacet-Debug": token_of(proxy.socket)}
    for target, status in (("/privacy-choices", 200), ("/.well-known/gpc.json", 200), ("/kids/a", 200)):
        res = proxy.get(target, token, host=HOST)
        assert res.status == status and ours(res) and res.get("Cache-Control") == "private, no-store", target
    assert "src=route" in ours(proxy.get("/kids/a", token, host=HOST))[0]


def test_a_site_that_observes(start, fresh_origin, tmp_path):
    proxy = start("-c", configure(tmp_path, fresh_origin.url, mode="observe"), listen=False)
    fresh_origin.on("/page", answer(PAGE))
    token = {"Tacet-Debug": token_of(tmp_path / "t.sock"), "Sec-GPC": "1"}
    res = proxy.get("/page", token, host=HOST)
    assert res.text == PAGE and 'desc="mode=observe"' in ours(res)[0] and "out;src=gpc" in ours(res)[0]
    assert not fresh_origin.last("/page").has("Tacet-Debug")
    assert json.loads(proxy.get(TRACE, token, host=HOST).text)["mode"] == "observe"
    assert not ours(proxy.get("/page", {"Sec-GPC": "1"}, host=HOST))


# ---- caches ---------------------------------------------------------------------------------------------------------

def test_no_cache_keeps_it(proxy, fresh_origin):
    token = token_of(proxy.socket)
    res = proxy.get("/page", {"Tacet-Debug": token, "If-None-Match": '"v"', "If-Modified-Since": "Thu, 01 Jan 2099 00:00:00 GMT",
                              "Range": "bytes=0-1", "If-Range": '"v"'}, host=HOST)
    assert res.all("Cache-Control") == ["private, no-store"]
    assert not any(res.has(n) for n in ("Expires", "CDN-Cache-Control", "Surrogate-Control"))
    asked = fresh_origin.last("/page")
    assert not any(asked.has(n) for n in ("If-None-Match", "If-Modified-Since", "Range", "If-Range")), "no 304 that others would be told of"
    fresh_origin.on("/style", answer("p {}", {"Cache-Control": "public, max-age=60"}, type="text/css"))
    without = proxy.get("/style", host=HOST)
    assert without.get("Cache-Control") == "public, max-age=60" and without.has("CDN-Cache-Control"), "others are served as ever"
    res = proxy.get("/style", {"Tacet-Debug": token}, host=HOST)
    assert res.all("Cache-Control") == ["private, no-store"] and not res.has("CDN-Cache-Control")
    res = proxy.get("/page", {"Tacet-Debug": token}, "POST", b"x" * 70000, host=HOST)
    assert res.get("Cache-Control") == "private, no-store" and fresh_origin.last("/page").body == b"x" * 70000


# ---- who has none ---------------------------------------------------------------------------------------------------

def wrong_tokens(token):
    version, until, mac = token.split(".")
    flipped = ("A" if mac[0] != "A" else "B") + mac[1:]
    return ["", "x", token[:-1], token + "A", token + " US-CA", f"{version}.{until}.{flipped}", f"{version}.{int(until) + 1}.{mac}",
            f"v2.{until}.{mac}", f"{version}..{mac}", f"{version}.{until}0.{mac}", "A" * 7000, f"{version}.-1.{mac}", f"{token},{token}",
            token.replace(".", ",", 1), f'"{token}"']


def test_a_wrong_token_is_as_none(proxy, fresh_origin):
    token = token_of(proxy.socket)
    for target in ("/page", TRACE, "/privacy-choices", "/kids/a"):
        for fields in ({}, {"Sec-GPC": "1"}, {"If-None-Match": '"v"'}):
            want = plain(proxy.get(target, fields, host=HOST))
            for wrong in wrong_tokens(token):
                res = proxy.get(target, {**fields, "Tacet-Debug": wrong}, host=HOST)
                assert plain(res) == want, (target, wrong)
                if fresh_origin.asked(target):
                    assert not fresh_origin.last(target).has("Tacet-Debug")
                    assert fresh_origin.last(target).get("If-None-Match") == fresh_origin.asked(target)[0].get("If-None-Match") or fields
    assert not ours(proxy.get("/page", [("Host", HOST), ("Tacet-Debug", token), ("Tacet-Debug", token)], host=HOST)), "one, not two"
    assert token not in proxy.stderr() and "debug" not in "\n".join(proxy.lines).lower()


def test_never_at_the_origin(proxy, fresh_origin):
    token = token_of(proxy.socket)
    fresh_origin.on("/slow", chunked_answer(b"x" * 5000))
    for value in (token, "wrong", ""):
        for method, body in (("GET", None), ("POST", b"y" * 5000), ("PUT", b"z"), ("HEAD", None), ("OPTIONS", None)):
            with Client(proxy.port, HOST) as c:
                c.get("/slow", [("Host", HOST), ("tacet-debug", value), ("Connection", "close"), ("TACET-DEBUG", "twice")], method, body)
                fields = fresh_origin.last("/slow").raw_head.lower()
                assert b"tacet-debug" not in fields and (not value or value.lower().encode() not in fields)
    with Client(proxy.port, HOST) as c:
        fresh_origin.on("/ws", b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                               b"Sec-WebSocket-Accept: x\r\n\r\n")
        c.ask("/ws", {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13",
                      "Tacet-Debug": token})
        assert c.answer().status == 101 and not fresh_origin.last("/ws").has("Tacet-Debug")


def test_of_another_process(start, fresh_origin, tmp_path):
    """Also of one that shares the choice key, and of itself before a restart: the key is the process's own."""
    state = tmp_path / "state"
    confs = [configure(tmp_path, fresh_origin.url, name=n, state=state) for n in "ab"]
    a, b = (start("-c", c, listen=False) for c in confs)
    token = token_of(tmp_path / "a.sock")
    assert ours(a.get("/", {"Tacet-Debug": token}, host=HOST)) and not ours(b.get("/", {"Tacet-Debug": token}, host=HOST))
    assert plain(b.get(TRACE, {"Tacet-Debug": token}, host=HOST)) == plain(b.get(TRACE, host=HOST))
    a.stop()
    again = start("-c", confs[0], listen=False)
    assert not ours(again.get("/", {"Tacet-Debug": token}, host=HOST))


def test_a_token_for_something_else(proxy, fresh_origin, tmp_path):
    """What verify's visitors carry opens nothing here, and the other way round."""
    import socket as sockets
    with sockets.socket(sockets.AF_UNIX) as s:
        s.connect(str(proxy.socket))
        s.sendall(b"verify\n")
        said = b"".join(iter(lambda: s.recv(4096), b"")).decode()
    assert said.startswith("ok\n")
    assert not ours(proxy.get("/page", {"Tacet-Debug": said[3:].strip()}, host=HOST))
    token = token_of(proxy.socket)
    proxy.get("/page", {"Tacet-Verify": f"{token} US-CA"}, host=HOST)
    assert "region=unknown" in fresh_origin.last("/page").get("Privacy-Decision")


def library():
    found = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1") + glob.glob("/usr/lib/faketime/libfaketimeMT.so.1")
    return found[0] if found else None


@pytest.mark.skipif(library() is None, reason="libfaketime is not installed: no clock to turn")
@pytest.mark.skipif("/san-" in tacet_path(), reason="libfaketime and sanitizers do not go together")
def test_it_ends(start, fresh_origin, tmp_path):
    clock = tmp_path / "clock"

    def ahead(seconds):
        (tmp_path / "new").write_text(f"{seconds:+d}")
        os.rename(tmp_path / "new", clock)

    ahead(0)
    proxy = start("-c", configure(tmp_path, fresh_origin.url), listen=False, env={
        "LD_PRELOAD": library(), "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"})
    short, long = token_of(tmp_path / "t.sock", "1m"), token_of(tmp_path / "t.sock", "1 h")

    def works(token):
        return bool(ours(proxy.get("/", {"Tacet-Debug": token}, host=HOST)))

    assert works(short) and works(long)
    ahead(45)
    assert works(short)
    ahead(75)
    assert not works(short) and works(long)
    ahead(3500)
    assert works(long)
    ahead(3700)
    assert not works(long)
    ahead(-7200)
    assert not works(long), "a clock that was set back makes none live longer than an hour"


# ---- the verb -------------------------------------------------------------------------------------------------------

def test_the_verb(proxy, tmp_path):
    for ttl in ("59s", "61 min", "0s", "2 h", "x", "", "10", "-1m"):
        done = debug("token", "--ttl", ttl, "--socket", proxy.socket)
        assert done.returncode == 2 and "--ttl" in done.stderr and not done.stdout, ttl
    by_file = debug("token", "-c", tmp_path / "t.yaml")
    assert by_file.returncode == 0 and ours(proxy.get("/page", {"Tacet-Debug": by_file.stdout.strip()}, host=HOST))
    assert token_of(proxy.socket, "60s") and token_of(proxy.socket, "1 h")
    assert debug().returncode == 2 and debug("tokens", "--socket", proxy.socket).returncode == 2
    assert debug("token").returncode == 2 and debug("token", "--socket", tmp_path / "none").returncode == 1
    assert token_of(proxy.socket, "5 min") not in get(proxy.admin, "/metrics", host=f"127.0.0.1:{proxy.admin}").text


@pytest.mark.parametrize("line", ["debug", "debug ", "debug x", "debug 59", "debug 3601", "debug 99999999999999999999", "debug -60", "debug 60 60"])
def test_what_the_socket_refuses(proxy, line):
    import socket as sockets
    with sockets.socket(sockets.AF_UNIX) as s:
        s.connect(str(proxy.socket))
        s.sendall(line.encode() + b"\n")
        assert b"".join(iter(lambda: s.recv(4096), b"")).startswith(b"error 2\n")


def test_nothing_is_stored(proxy, fresh_origin, tmp_path):
    """No metric counts it, no file has it, nothing is said."""
    before = sorted((p.name, hashlib.sha256(p.read_bytes()).hexdigest()) for p in tmp_path.rglob("*") if p.is_file())
    token = token_of(proxy.socket)
    for _ in range(5):
        proxy.get(TRACE, {"Tacet-Debug": token, "Cookie": "_ga=c4n4ryDbg", "Sec-GPC": "1"}, host=HOST)
    metrics = get(proxy.admin, "/metrics", host=f"127.0.0.1:{proxy.admin}").text
    assert "c4n4ryDbg" not in metrics and token not in metrics
    assert 'tacet_filter_actions_total{action="request_cookie",pack="built-in"} 0' in metrics, "nothing was done to anybody"
    assert sorted((p.name, hashlib.sha256(p.read_bytes()).hexdigest()) for p in tmp_path.rglob("*") if p.is_file()) == before
    assert proxy.stderr() == ""
