"""How requests of trackers to the site's own paths are answered; which these are is in test_endpoint_tools.py. And our own paths."""
import pytest

from harness import answer

SAID_NO = {"Sec-GPC": "1"}


def test_posted_beacon_ends_here_with_its_body(texas, origin):
    with texas.client() as c:
        c.ask("/p/collect?v=2&tid=G-TEST123", {"Content-Type": "text/plain", **SAID_NO}, "POST", b"en=page_view" * 1000)
        assert c.answer().status == 204
        assert c.get("/p/after", SAID_NO).status == 200
    assert not origin.asked("/p/collect")


PLAUSIBLE = b'{"n":"pageview","u":"https://www.example.test/","d":"example.test"}'


def post(path, body, extra=b"", chunks=None):
    head = b"POST %s HTTP/1.1\r\nHost: www.example.test\r\nSec-GPC: 1\r\nContent-Type: text/plain\r\n%s" % (path.encode(), extra)
    if chunks is None:
        return head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    pieces = [body[i:i + chunks] for i in range(0, len(body), chunks)]
    return head + b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n"


@pytest.mark.parametrize("chunks", [None, 1, 20])
def test_hits_known_by_their_body_end_here(texas, origin, chunks):
    with texas.client() as c:
        c.send(post("/pl/event", PLAUSIBLE, chunks=chunks))
        assert c.answer().status == 204
        assert c.get("/pl/after", SAID_NO).status == 200  # the connection goes on
    assert not origin.asked("/pl/event")


@pytest.mark.parametrize("at", range(-len(PLAUSIBLE) - 4, 0, 7))
def test_hits_known_by_their_body_in_two_pieces(texas, origin, at):
    whole = post("/pl/cut", PLAUSIBLE)
    with texas.client() as c:
        c.send(whole[:at])
        c.send(whole[at:])
        assert c.answer().status == 204
    assert not origin.asked("/pl/cut")


def test_hits_wait_for_100_continue(texas, origin):
    head, body = post("/pl/expect", PLAUSIBLE, b"Expect: 100-continue\r\n").split(b"\r\n\r\n")
    with texas.client() as c:
        c.send(head + b"\r\n\r\n")
        interim = c.sock.recv(4096)
        assert interim == b"HTTP/1.1 100 Continue\r\n\r\n"
        c.send(body)
        assert c.answer().status == 204
    assert not origin.asked("/pl/expect")


@pytest.mark.parametrize("size", [0, 1, 4095, 4096, 4097, 70000, 300000])
@pytest.mark.parametrize("chunks", [None, 1000])
def test_other_bodies_pass_unchanged(texas, origin, size, chunks):
    path = origin.on(f"/pass/{size}/{chunks}", answer("taken", type="text/plain"))
    body = (b'{"a":"' + b"x" * size)[:size]
    with texas.client() as c:
        c.send(post(path, body, chunks=chunks))
        assert c.answer().text == "taken"
    assert origin.asked(path)[-1].body == body


def test_a_hit_passes_where_nobody_said_no(texas, origin):
    path = origin.on("/pl/free", answer("taken", type="text/plain"))
    assert texas.get(path, {"Content-Type": "text/plain"}, "POST", PLAUSIBLE).text == "taken"
    assert origin.asked(path)[-1].body == PLAUSIBLE


def test_pixel_gets_an_image_and_script_a_script(texas, origin):
    pixel = texas.get("/px/collect?v=2&tid=G-TEST123", {"Sec-Fetch-Dest": "image", **SAID_NO})
    assert pixel.status in (200, 204)
    if pixel.status == 200:
        assert pixel.get("Content-Type") == "image/gif" and pixel.body.startswith(b"GIF8")
    script = texas.get("/gw/gtag/js?id=G-TEST12345", {"Sec-Fetch-Dest": "script", **SAID_NO})
    assert script.status == 200 and "javascript" in script.get("Content-Type")
    assert not origin.asked("/px/collect") and not origin.asked("/gw/gtag/js")


def test_they_pass_where_nobody_said_no(texas, origin):
    path = origin.on("/in/collect", answer(b"", status="204 No Content", type=None, length=False))
    assert texas.get(path + "?v=2&tid=G-TEST123").status == 204
    assert origin.asked(path)


def test_own_assets(texas, origin):
    noop = texas.get("/.well-known/tacet/s/noop.js")
    assert noop.status == 200 and "javascript" in noop.get("Content-Type")
    assert "max-age" in noop.get("Cache-Control", "")
    gif = texas.get("/.well-known/tacet/1x1.gif")
    assert gif.status == 200 and gif.get("Content-Type") == "image/gif" and gif.body.startswith(b"GIF8")
    for name in ("nothing.js", "s/nothing.css", "", "s/", "s/../1x1.gifx", "s/a/b.js"):
        assert texas.get(f"/.well-known/tacet/{name}").status in (400, 404), name
    assert not [r for r in origin.requests if r.path.startswith("/.well-known/tacet")]


def test_acme_passes(texas, origin):
    path = origin.on("/.well-known/acme-challenge/token", answer("token.key", type="text/plain"))
    assert texas.get(path).text == "token.key"


def test_gpc_json(texas, origin):
    import json
    res = texas.get("/.well-known/gpc.json")
    assert res.status == 200 and res.get("Content-Type").startswith("application/json")
    said = json.loads(res.text)
    assert said["gpc"] is True and len(said["lastUpdate"]) >= 10
    assert res.get("Access-Control-Allow-Origin") == "*" and "max-age=86400" in res.get("Cache-Control")
    assert not res.has("Set-Cookie") and not res.has("Vary")
    head = texas.get("/.well-known/gpc.json", method="HEAD")
    assert head.status == 200 and head.get("Content-Length") == res.get("Content-Length")
    assert texas.get("/.well-known/gpc.json", method="POST", body=b"").status == 405
    assert not origin.asked("/.well-known/gpc.json")
