"""The PROXY protocol: whose connection it is, said by a listed load balancer, by nobody else, and in every way it may arrive."""
import os
import re
import socket
import struct
import time

import pytest

from harness import ROOT, Broken, Client, answer, total, wait_until

GEO = os.path.join(ROOT, ".cache", "geo")
BERLIN, TEXAS6 = "85.214.132.117", "2600:1700:0:1::1"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
ASK = b"GET %s HTTP/1.1\r\nHost: www.example.test\r\n\r\n"


def v1(source, to="198.51.100.7"):
    family = "TCP6" if ":" in source else "TCP4"
    return f"PROXY {family} {source} {'::1' if family == 'TCP6' else to} 4711 443\r\n".encode()


def vector(kind, value):
    return struct.pack("!BH", kind, len(value)) + value


def v2(source=None, vectors=b"", command=0x21):
    family, addresses = 0, b""
    if source:
        kind = socket.AF_INET6 if ":" in source else socket.AF_INET
        family = 0x21 if ":" in source else 0x11
        one = socket.inet_pton(kind, source)
        addresses = one + bytes(len(one)) + struct.pack("!HH", 4711, 443)
    return SIGNATURE + struct.pack("!BBH", command, family, len(addresses) + len(vectors)) + addresses + vectors


CONF = """
version: 1
listen:
  - {{address: "127.0.0.1:0", proxy_protocol: [127.0.0.1]}}
  - {{address: "127.0.0.1:0", proxy_protocol: [192.0.2.0/24]}}
  - {{address: "127.0.0.1:0"}}
  - {{address: "127.0.0.1:0", proxy_protocol: [127.0.0.1], redirect: https}}
admin: {{address: "127.0.0.1:0"}}
client_address: {{trusted_proxies: [198.51.100.0/24]}}
{geo}
limits: {{header_timeout: 1s}}
sites: [{{hosts: ["*"], origin: {{url: "{url}"}}, forward: {{client_ip: full, geo: [country]}}}}]
"""


@pytest.fixture(scope="module")
def proxy(origin, tmp_path_factory):
    from harness import Tacet
    conf = tmp_path_factory.mktemp("proxy") / "t.yaml"
    bases = [os.path.join(GEO, f"dbip-city-ipv{n}.mmdb") for n in (4, 6)]
    geo = f"geo: {{databases: [{', '.join(bases)}]}}" if all(map(os.path.exists, bases)) else ""
    conf.write_text(CONF.format(url=origin.url, geo=geo))
    tacet = Tacet("-c", conf)
    yield tacet
    tacet.stop()


def port(proxy, n):
    return proxy.addresses["http"][n][1]


def refused(proxy, reason="proxy_header"):
    return total(proxy.metrics(), "tacet_http_refusals_total", reason=reason)


def ask(proxy, origin, path, header, n=0, fields=()):
    with Client(port(proxy, n)) as c:
        c.send(header)
        assert c.get(path, fields).status == 200
    return origin.last(path)


@pytest.mark.parametrize("name, header, source", [
    ("v1", v1(BERLIN), BERLIN), ("v1-6", v1(TEXAS6), TEXAS6), ("v2", v2(BERLIN), BERLIN), ("v2-6", v2(TEXAS6), TEXAS6),
    ("v1-mapped", v1("::ffff:" + BERLIN), BERLIN), ("vectors", v2(BERLIN, vector(1, b"http/1.1") + vector(0xea, b"x" * 1000)), BERLIN),
    ("unknown", b"PROXY UNKNOWN\r\n", "127.0.0.1"), ("local", v2(command=0x20), "127.0.0.1"),
    ("local-named", v2(BERLIN, command=0x20), "127.0.0.1"), ("unspecified", v2(), "127.0.0.1")])
def test_the_address_said_is_the_visitors(proxy, origin, name, header, source):
    req = ask(proxy, origin, "/said-" + name, header)
    assert req.all("X-Forwarded-For") == [source]


@pytest.mark.skipif(not os.path.isdir(GEO), reason="no geo data: run 'make setup'")
@pytest.mark.parametrize("header, country, out", [
    (v1(BERLIN), "DE", "out;src=region"), (v2(BERLIN), "DE", "out;src=region"), (v2(TEXAS6), "US", "in")])
def test_the_place_and_the_law_are_those_of_the_address_said(proxy, origin, header, country, out):
    req = ask(proxy, origin, f"/law-{country}", header)
    assert req.get("Tacet-Geo") == f"country={country}"
    assert req.get("Privacy-Decision").startswith(out)


def test_one_header_for_a_connection(proxy, origin):
    """All requests of the connection are this visitor's; a second header is garbage."""
    with Client(port(proxy, 0)) as c:
        c.send(v2(BERLIN) + ASK % b"/one-1" + ASK % b"/one-2")
        assert c.answer().status == 200 and c.answer().status == 200
        assert c.get("/one-3").status == 200
        c.send(v1(TEXAS6) + ASK % b"/one-4")
        assert c.answer().status == 400 and c.closed()
    assert [origin.last(f"/one-{i}").get("X-Forwarded-For") for i in (1, 2, 3)] == [BERLIN] * 3
    assert not origin.asked("/one-4")


@pytest.mark.parametrize("header", [v1(TEXAS6), v2(TEXAS6, vector(4, b"abc"))], ids=["v1", "v2"])
def test_byte_by_byte_and_cut_anywhere(proxy, origin, header):
    whole = header + ASK % b"/cut"
    with Client(port(proxy, 0)) as c:
        for i in range(len(whole)):
            c.send(whole[i:i + 1])
        assert c.answer().status == 200
    assert origin.last("/cut").get("X-Forwarded-For") == TEXAS6
    for at in range(1, len(header) + 3):
        with Client(port(proxy, 0)) as c:
            c.send(whole[:at])
            time.sleep(0.002)       # so that it comes in two pieces more often than not
            c.send(whole[at:])
            assert c.answer().status == 200, at
    assert all(r.get("X-Forwarded-For") == TEXAS6 for r in origin.asked("/cut"))


@pytest.mark.parametrize("bad", [
    ASK % b"/bad", b"\r\n" + v1(BERLIN), b"PROXY TCP4 1.2.3.4 5.6.7.8 1 99999\r\n", b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n", b"PROXY " + b"x" * 110,
    SIGNATURE + b"\x31\x11\0\x0c" + bytes(12), SIGNATURE + b"\x21\x11\x20\x00", v2(BERLIN, vector(3, b"wrng")), b"\x16\x03\x01\x02\x00"])
def test_a_listed_peer_without_a_good_header_is_refused(proxy, origin, bad):
    before = refused(proxy)
    with Client(port(proxy, 0)) as c:
        c.send(bad + ASK % b"/bad")
        res = c.answer()
        assert res.status == 400 and res.get("Connection") == "close" and c.closed()
    wait_until(lambda: refused(proxy) == before + 1, "the refusal to be counted")
    assert not origin.asked("/bad")
    seen = total(proxy.metrics(), "tacet_http_refusals_last_seen_timestamp_seconds", reason="proxy_header")
    assert seen % 60 == 0 and time.time() - 180 < seen <= time.time()


@pytest.mark.parametrize("n", [1, 2], ids=["another network is listed", "nobody is listed"])
@pytest.mark.parametrize("header", [v1(BERLIN), v2(BERLIN)], ids=["v1", "v2"])
def test_who_is_not_listed_cannot_say_who_it_is(proxy, origin, n, header):
    before = refused(proxy)
    with Client(port(proxy, n)) as c:
        c.send(header + ASK % b"/forged")
        assert c.answer().status == 400 and c.closed()
    assert not origin.asked("/forged") and refused(proxy) == before
    with Client(port(proxy, n)) as c:
        assert c.get(f"/plain-{n}").status == 200
    assert origin.last(f"/plain-{n}").get("X-Forwarded-For") == "127.0.0.1"


def test_a_slow_header_is_refused_in_time(proxy):
    before = refused(proxy)
    with Client(port(proxy, 0)) as c, Client(port(proxy, 0)) as silent:
        began = time.monotonic()
        c.send(v1(BERLIN)[:20])
        assert c.answer().status == 400 and c.closed()
        assert time.monotonic() - began < 5
        assert silent.closed()      # who says nothing at all, as health checks do, is let go without a word
    wait_until(lambda: refused(proxy) == before + 1, "the refusal to be counted")


def test_the_header_does_not_buy_time(proxy):
    with Client(port(proxy, 0)) as c:
        c.send(v1(BERLIN) + b"GET / HTTP/1.1\r\n")
        began = time.monotonic()
        assert c.answer().status == 408 and c.closed()
        assert time.monotonic() - began < 5


def test_trusted_proxies_are_those_of_the_address_said(proxy, origin):
    """A CDN behind a load balancer: the balancer names the CDN, and the CDN the visitor."""
    forwarded = {"X-Forwarded-For": f"1.1.1.1, {BERLIN}"}
    assert ask(proxy, origin, "/cdn", v2("198.51.100.9"), fields=forwarded).get("X-Forwarded-For") == BERLIN
    assert ask(proxy, origin, "/no-cdn", v2("203.0.113.9"), fields=forwarded).get("X-Forwarded-For") == "203.0.113.9"
    assert ask(proxy, origin, "/check", v2(command=0x20), fields=forwarded).get("X-Forwarded-For") == "127.0.0.1"


def test_https_is_believed_of_the_header(proxy, origin):
    tls = vector(0x20, b"\x01\0\0\0\0" + vector(0x21, b"TLSv1.3"))
    with Client(port(proxy, 3)) as c:
        c.send(v2(BERLIN))
        res = c.get("/to-https?a=1")
        assert res.status == 308 and res.get("Location") == "https://www.example.test/to-https?a=1"
    assert ask(proxy, origin, "/is-https", v2(BERLIN, tls), n=3).target == "/is-https"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root reads the memory of a process that forbids cores")
def test_nothing_of_the_address_is_kept(start, fresh_origin, tmp_path):
    """Neither as text nor as bytes, once the connection is gone; nor on an output or in a metric."""
    conf = tmp_path / "t.yaml"
    conf.write_text(CONF.format(url=fresh_origin.url, geo="").replace("client_ip: full", "client_ip: none"))
    proxy = start("-c", conf, listen=False)
    name = "2001:db8:5eed:cafe:f00d:beef:1234:9876"
    needles = [name.encode(), socket.inet_pton(socket.AF_INET6, name)]
    fresh_origin.on("/", answer("x", type="text/plain"))
    for header in (v1(name), v2(name)):
        with Client(proxy.port) as c:
            c.send(header)
            assert c.get("/").status == 200
            assert any(needles[1] in place for place in memory(proxy.pid)), "the search finds nothing at all"
        with Client(proxy.port) as c:       # and broken off, and refused
            c.send(header[:-3])
        with Client(proxy.port) as c:
            c.send(header + b"GET bad\r\n\r\n")
            with pytest.raises((Broken, OSError)):
                c.answer()
                c.answer()
    wait_until(lambda: total(proxy.metrics(), "tacet_connections", state="open") == 0, "the connections to be gone")
    time.sleep(1)                       # what callbacks left on the stack goes with the next tick
    assert not [n for n in needles for place in memory(proxy.pid) if n in place]
    assert name not in "\n".join(proxy.lines) + proxy.stderr()


def memory(pid):
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            m = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
            if not m:
                continue
            begin, end = int(m[1], 16), int(m[2], 16)
            if end - begin > 1 << 30:
                continue
            try:
                mem.seek(begin)
                yield mem.read(end - begin)
            except (OSError, OverflowError, ValueError):
                continue
