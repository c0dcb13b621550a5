"""Two seconds after a visitor has left, nothing of him is left in the proxy's memory (tokens, searched in all of it)."""
import re
import threading

import pytest

from harness import Broken, answer, get, head_bytes, sanitized

TOKEN = b"CaNaRy7"
T = TOKEN.decode()
SAID_NO = {"Sec-GPC": "1"}
FIELDS = {"Cookie": f"a={T}; _ga={T}", "User-Agent": T, "Authorization": f"Bearer {T}", "Referer": f"http://x.test/{T}",
          "X-Own": T, "X-Forwarded-For": T}


def left_in_memory(pid, token=TOKEN):
    """Where the token (a pattern) stands: (name of the mapping, bytes around it)."""
    found = []
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb") as mem:
        for line in maps:
            m = re.match(r"([0-9a-f]+)-([0-9a-f]+) r\S+ \S+ \S+ \S+\s*(.*)", line)
            if not m or m[3].startswith("[v"):
                continue
            mem.seek(int(m[1], 16))
            data = mem.read(int(m[2], 16) - int(m[1], 16))
            found += [(m[3], data[max(0, at.start() - 40):at.start() + 20]) for at in re.finditer(token, data)]
    return found


def ask_plainly(proxy, origin):
    for fields in ({}, SAID_NO):
        get(proxy.port, f"/page?q={T}&fbclid={T}", {**FIELDS, **fields}, "POST", TOKEN * 10)


def ask_for_pages_of_ours(proxy, origin):
    get(proxy.port, "/privacy-choices", FIELDS, "POST", b"choice=out&back=" + TOKEN)
    get(proxy.port, f"/{T}/../privacy-choices?{T}", FIELDS)


def ask_badly(proxy, origin):
    for head in (f"GET /{T} HTTP/1.1\r\nHost: a\r\nHost: {T}\r\n\r\n", f"{T} \0\r\n\r\n", f"GET /{T} HTTP/1.1\r\nX: {T}\n\r\n",
                 f"POST /{T} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{T}\r\n", f"GET /{T} HTTP/1.1\r\nX: {T}"):
        with proxy.client() as c:
            c.send(head.encode())
            c.sock.settimeout(0.2)
            try:
                c.sock.recv(1000)
            except OSError:
                pass


def ask_a_bad_origin(proxy, origin):
    for bad in (b"HTTP/1.1 099 " + TOKEN + b"\r\n\r\n", head_bytes("HTTP/1.1 200 OK", {"Content-Length": "99", "X": T}) + TOKEN, TOKEN):
        origin.on("/bad", lambda conn, request, bad=bad: (conn.sendall(bad), False)[1])
        try:
            get(proxy.port, f"/bad?{T}", {**FIELDS, **SAID_NO})
        except Broken:
            pass


def leave_early(proxy, origin):
    with proxy.client() as c:
        c.ask(f"/hang?{T}", FIELDS, "POST", TOKEN)
        threading.Event().wait(0.2)


def take_a_head_in_pieces(proxy, origin):
    """What came first had to be kept for a moment, beside a connection that is kept for the next visitor."""
    def pieces(conn, _request):
        conn.sendall(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=" + TOKEN)
        threading.Event().wait(0.1)
        conn.sendall(b"\r\nContent-Length: 0\r\n\r\n")

    origin.on("/pieces", pieces)
    assert T in get(proxy.port, "/pieces").get("Set-Cookie")


def use_a_tunnel(proxy, origin):
    with proxy.client() as c:
        c.ask("/tunnel", {**FIELDS, "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
                          "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="})
        assert c.answer().status == 101
        c.send(TOKEN * 100)
        assert c.reader.exactly(len(TOKEN) * 100)


def tunnel(conn, _request):
    conn.sendall(head_bytes("HTTP/1.1 101 Switching Protocols", {"Upgrade": "websocket", "Connection": "Upgrade", "X": T}))
    while data := conn.recv(1000):
        conn.sendall(data)
    return False


@pytest.mark.parametrize("visit", [ask_plainly, ask_for_pages_of_ours, ask_badly, ask_a_bad_origin, leave_early,
                                   take_a_head_in_pieces, use_a_tunnel])
def test_nothing_is_left(start, fresh_origin, visit):
    if sanitized():
        pytest.skip("a sanitizer keeps stacks and freed memory for itself")
    done = threading.Event()
    fresh_origin.on("/page", answer(f"<!doctype html><p>{T}" * 50, {"Set-Cookie": f"_fbp={T}", "ETag": f'"{T}"', "X": T}))
    fresh_origin.on("/hang", lambda conn, request: (done.wait(20), False)[1])
    fresh_origin.on("/tunnel", tunnel)
    proxy = start("--origin", fresh_origin.url, "--region", "us-tx")
    try:
        with open(f"/proc/{proxy.pid}/mem", "rb"):
            pass
    except OSError:
        pytest.skip("only root may look into another's memory")
    with proxy.client() as c:  # the search works: a visit under way is found
        c.send(b"GET /" + TOKEN)
        threading.Event().wait(0.2)
        assert left_in_memory(proxy.pid)
    visit(proxy, fresh_origin)
    done.set()
    threading.Event().wait(2)
    left = left_in_memory(proxy.pid)
    assert not left, left
