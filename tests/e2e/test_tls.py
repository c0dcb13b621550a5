"""TLS to visitors: handshakes, bytes, ends, whatever the peer does with them."""
import contextlib
import hashlib
import socket
import ssl
import subprocess
import threading

import pytest

from certificates import Authority
from harness import Broken, Client, Origin, Reader, Tacet, answer, chunked_answer, head_bytes, total, wait_until
from tls import HandTls, TlsClient, context, tls_get

HOST = "www.example.test"
BIG = hashlib.sha512(b"big").digest() * 65536  # 4 MiB

CONF = """
version: 1
listen:
  - {{address: "127.0.0.1:0", tls: {{cert: {cert}, key: {key}}}}}
  - {{address: "127.0.0.1:0", tls: {{cert: {cert}, key: {key}}}, proxy_protocol: [127.0.0.0/8]}}
  - {{address: "127.0.0.1:0", tls: {{cert: {cert}, key: {key}, minimum: "1.3", protocols: [http/1.1]}}}}
  - {{address: "127.0.0.1:0", redirect: https}}
admin: {{address: "127.0.0.1:0"}}
sites:
  - hosts: [{host}]
    origin: {{url: "{origin}"}}
    routes: [{{name: raw, match: "/raw/*", filter: none}}, {{name: all, match: "/*"}}]
rule_sets: {{light: {{}}}}
regions: [{{name: rest, where: ["*"], default: light, opted_out: light}}]
limits: {{header_timeout: 3s}}
"""


class World:
    pass


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    w, d = World(), tmp_path_factory.mktemp("tls")
    w.origin, w.ca = Origin(), Authority(d / "ca")
    w.cert, w.key = w.ca.issue(HOST, days=90)
    w.origin.on("/raw/big", answer(BIG, type="application/octet-stream"))
    w.origin.on("/raw/chunks", chunked_answer(BIG[:1 << 20], size=7000, type="application/octet-stream"))
    w.origin.on("/raw/echo", lambda conn, req: conn.sendall(answer(req.body, type="application/octet-stream")))
    conf = d / "site.yaml"
    conf.write_text(CONF.format(cert=w.cert, key=w.key, host=HOST, origin=w.origin.url))
    w.tacet = Tacet("-c", conf)
    w.port, w.behind, w.modern = (port for _, port in w.tacet.addresses["https"])
    w.plain = w.tacet.port
    w.trusting = context(w.ca.pem)
    yield w
    w.tacet.stop()
    w.origin.close()


def count(w, **labels):
    return total(w.tacet.metrics(), "tacet_tls_handshakes_total", **labels)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_speaks_tls(world, version):
    label = "1.2" if version == ssl.TLSVersion.TLSv1_2 else "1.3"
    before = count(world, version=label, result="full")
    with TlsClient(world.port, HOST, context(world.ca.pem, minimum=version, maximum=version)) as c:
        assert c.sock.selected_alpn_protocol() == "http/1.1"
        for _ in range(3):  # keep-alive
            assert c.get("/").status == 200
    assert count(world, version=label, result="full") == before + 1


def test_the_scheme_is_https(world):
    tls_get(world.port, "/scheme", host=HOST, ctx=world.trusting)
    assert world.origin.last("/scheme").get("X-Forwarded-Proto") == "https"


def test_aes_128_and_x25519_come_first(world):
    said = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{world.port}", "-servername", HOST, "-CAfile", world.ca.pem],
                          input=b"", capture_output=True, timeout=30).stdout.decode()
    assert "TLS_AES_128_GCM_SHA256" in said and "X25519" in said and "Verify return code: 0" in said
    assert "Compression: NONE" in said


@pytest.mark.parametrize("flag", ["-tls1", "-tls1_1"])
def test_old_versions_are_refused(world, flag):
    before = count(world, result="version")
    ran = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{world.port}", flag, "-cipher", "ALL:@SECLEVEL=0"],
                         input=b"", capture_output=True, timeout=30)
    assert ran.returncode != 0 and b"protocol version" in ran.stderr, ran.stderr
    wait_until(lambda: count(world, result="version") == before + 1, "the refusal to be counted")


def test_minimum_is_obeyed(world):
    with pytest.raises(ssl.SSLError):
        tls_get(world.modern, host=HOST, ctx=context(world.ca.pem, maximum=ssl.TLSVersion.TLSv1_2))
    assert tls_get(world.modern, host=HOST, ctx=world.trusting).status == 200


def test_no_renegotiation(world):
    ran = subprocess.Popen(["openssl", "s_client", "-connect", f"127.0.0.1:{world.port}", "-tls1_2"], stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    out, _ = ran.communicate(b"R\n", 30)
    assert b"no renegotiation" in out or ran.returncode != 0


def test_who_offers_only_unknown_protocols_is_told_so(world):
    before = count(world, result="protocol")
    with pytest.raises(ssl.SSLError, match="NO_APPLICATION_PROTOCOL|no application protocol"):
        tls_get(world.port, host=HOST, ctx=context(world.ca.pem, alpn=("ftp",)))
    wait_until(lambda: count(world, result="protocol") == before + 1, "the refusal to be counted")


def test_curl(world):
    ran = subprocess.run(["curl", "-sS", "--http1.1", "--cacert", world.ca.pem, "--resolve", f"{HOST}:{world.port}:127.0.0.1",
                          f"https://{HOST}:{world.port}/raw/big"], capture_output=True, timeout=60)
    assert ran.returncode == 0 and ran.stdout == BIG, ran.stderr


def test_http_on_the_tls_port_is_cut(world):
    before = count(world, result="clear_text")
    with Client(world.port, HOST) as c:
        c.ask("/")
        assert c.closed()
    wait_until(lambda: count(world, result="clear_text") == before + 1, "the refusal to be counted")


def test_garbage_is_cut(world):
    with Client(world.port, HOST) as c:
        c.send(b"\x00\xff" * 40)
        with contextlib.suppress(OSError):
            while c.sock.recv(100):
                pass
    assert tls_get(world.port, host=HOST, ctx=world.trusting).status == 200


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_the_handshake_may_come_in_pieces(world, size):
    t = HandTls(world.port, HOST, world.trusting)
    t.shake(size)
    t.send(head_bytes("GET /raw/echo HTTP/1.1", {"Host": HOST}), size)
    assert Reader(t).response().status == 200
    t.close()


def test_who_never_finishes_a_handshake_is_let_go(world):
    before = count(world, result="closed")
    t = HandTls(world.port, HOST)
    with contextlib.suppress(ssl.SSLWantReadError):
        t.tls.do_handshake()
    hello = t.outside.read()
    t.sock.sendall(hello[:len(hello) // 2])
    t.sock.settimeout(20)
    assert t.sock.recv(1) == b""  # limits.header_timeout
    wait_until(lambda: count(world, result="closed") == before + 1, "it to be counted")


def test_large_bodies_both_ways(world):
    with TlsClient(world.port, HOST, world.trusting) as c:
        assert c.get("/raw/big").body == BIG
        assert c.get("/raw/chunks").body == BIG[:1 << 20]
        body = BIG[:1 << 20] + b"x"
        assert c.get("/raw/echo", method="POST", body=body).body == body


def test_head_and_body_are_one_record(world):
    """A page of some size arrives in one record: one header of 5 bytes in front of all of it."""
    world.origin.on("/raw/14k", answer(b"x" * 14000, type="text/plain"))
    t = HandTls(world.port, HOST, world.trusting)
    t.shake()
    t.send(head_bytes("GET /warm HTTP/1.1", {"Host": HOST}))
    reader = Reader(t)
    reader.response()
    t.send(head_bytes("GET /raw/14k HTTP/1.1", {"Host": HOST}))
    first = t.recv(65536)
    assert first.startswith(b"HTTP/1.1 200") and len(first) > 14000 and first.endswith(b"x")
    t.close()


def test_a_visitor_that_stops_reading_holds_up_nobody(world):
    with TlsClient(world.port, HOST, world.trusting, rcvbuf=4096) as slow:
        slow.ask("/raw/big")
        for _ in range(5):
            assert tls_get(world.port, "/", host=HOST, ctx=world.trusting).status == 200
        assert slow.answer().body == BIG


def test_the_end_is_said(world):
    """close_notify in front of the end: a body that ends with the connection can be told from a cut one."""
    t = HandTls(world.port, HOST, world.trusting)
    t.shake()
    t.send(head_bytes("GET /raw/big HTTP/1.0", {"Host": HOST}))
    got = b""
    while True:
        more = t.recv()
        if not more:
            break
        got += more
    assert got.endswith(BIG)
    t.close()


def test_a_cut_origin_is_no_end(world):
    """The origin breaks off: the visitor sees no close_notify."""
    def half(conn, req):
        conn.sendall(head_bytes("HTTP/1.1 200 OK", {"Content-Length": "100000", "Content-Type": "text/plain"}) + b"y" * 5000)
        return False
    world.origin.on("/raw/half", half)
    t = HandTls(world.port, HOST, world.trusting)
    t.shake()
    t.send(head_bytes("GET /raw/half HTTP/1.1", {"Host": HOST}))
    with pytest.raises((Broken, ConnectionError)):
        Reader(t).response()
    t.close()


def test_half_close_of_the_visitor(world):
    """A visitor that has said its end still gets its answer."""
    t = HandTls(world.port, HOST, world.trusting)
    t.shake()
    t.tls.write(head_bytes("GET /raw/big HTTP/1.1", {"Host": HOST}))
    with contextlib.suppress(ssl.SSLWantReadError):
        t.tls.unwrap()
    t.flush()
    raw = b""
    with contextlib.suppress(OSError):
        while t.pull():
            raw += b"."
    assert len(raw) > 10
    t.close()


def test_a_visitor_that_goes_without_a_word(world):
    for _ in range(20):
        c = TlsClient(world.port, HOST, world.trusting)
        c.ask("/raw/big")
        c.sock.close()
    assert tls_get(world.port, host=HOST, ctx=world.trusting).status == 200


def test_behind_a_proxy_header(world):
    """The header comes in clear; after it the handshake, in whatever pieces."""
    header = b"PROXY TCP4 192.0.2.7 192.0.2.1 1000 443\r\n"
    with TlsClient(world.behind, HOST, world.trusting, first=header) as c:
        assert c.get("/behind").status == 200
    assert world.origin.last("/behind").get("X-Forwarded-Proto") == "https"
    t = HandTls(world.behind, HOST, world.trusting)
    with contextlib.suppress(ssl.SSLWantReadError):
        t.tls.do_handshake()
    data = header + t.outside.read()
    for i in range(len(data)):
        t.sock.sendall(data[i:i + 1])
    t.shake()
    t.send(head_bytes("GET /raw/echo HTTP/1.1", {"Host": HOST}))
    assert Reader(t).response().status == 200
    t.close()
    t = HandTls(world.behind, HOST, world.trusting)
    with contextlib.suppress(ssl.SSLWantReadError):
        t.tls.do_handshake()
    t.sock.sendall(header + t.outside.read())  # in one piece
    t.shake()
    t.close()


def test_no_proxy_header_no_handshake(world):
    with pytest.raises((ssl.SSLError, OSError)):
        tls_get(world.behind, host=HOST, ctx=world.trusting)


def test_the_plain_listener_redirects(world):
    with Client(world.plain, HOST) as c:
        res = c.get("/page?x=1")
        assert res.status == 308 and res.get("Location") == f"https://{HOST}/page?x=1"


def test_pipelined_requests(world):
    with TlsClient(world.port, HOST, world.trusting) as c:
        c.send(head_bytes("GET /raw/echo HTTP/1.1", {"Host": HOST}) * 5)
        for _ in range(5):
            assert c.answer().status == 200


def test_websocket(world):
    def tunnel(conn, req):
        conn.sendall(head_bytes("HTTP/1.1 101 Switching Protocols", {"Upgrade": "websocket", "Connection": "Upgrade",
                                "Sec-WebSocket-Accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="}))
        while True:
            data = conn.recv(65536)
            if not data:
                return False
            conn.sendall(data)
    world.origin.on("/ws", tunnel)
    with TlsClient(world.port, HOST, world.trusting) as c:
        res = c.get("/ws", {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
                            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="})
        assert res.status == 101
        data, got = BIG[:300000], b""
        thread = threading.Thread(target=c.sock.sendall, args=(data,))
        thread.start()
        while len(got) < len(data):
            got += c.sock.recv(65536)
        thread.join()
        assert got == data


def test_many_at_once(world):
    results = []

    def one():
        with contextlib.suppress(OSError):
            results.append(hashlib.sha256(tls_get(world.port, "/raw/big", host=HOST, ctx=world.trusting).body).digest())
    threads = [threading.Thread(target=one) for _ in range(16)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert results == [hashlib.sha256(BIG).digest()] * 16


def test_a_reset_in_the_middle_of_a_handshake(world):
    for _ in range(20):
        t = HandTls(world.port, HOST)
        with contextlib.suppress(ssl.SSLWantReadError):
            t.tls.do_handshake()
        t.flush()
        t.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        t.close()
    assert tls_get(world.port, host=HOST, ctx=world.trusting).status == 200


def test_each_session_is_used_once_and_there_is_always_another(world, tmp_path):
    """A ticket of 1.3 that is used again tells an onlooker that it is the same visitor (RFC 8446 C.4): who resumes gets a new one."""
    saved = tmp_path / "session"

    def visit(*session):
        return subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{world.port}", "-servername", HOST, "-tls1_3", "-ign_eof",
                               "-sess_out", saved, *session], input=f"GET / HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode(),
                              capture_output=True, timeout=20).stdout
    assert b"New, TLSv1.3" in visit()
    for _ in range(3):
        before = saved.read_bytes()
        assert b"Reused, TLSv1.3" in visit("-sess_in", saved)
        assert saved.read_bytes() != before
