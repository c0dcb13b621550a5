"""Many handshakes at a time, each a few bytes further in its turn, some of them dropped on the way: connections of a loop share what
encrypts for them, and none may notice."""
import random
import socket
import ssl
import time

import pytest

import h2
from certificates import Authority
from harness import DEADLINE, Origin, Tacet, answer
from tls import context

COUNT = 60
BODY = "".join(f"<p>{n}\n" for n in range(20000))
REQUEST = f"GET / HTTP/1.1\r\nHost: {h2.HOST}\r\nConnection: close\r\n\r\n".encode()


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    d = tmp_path_factory.mktemp("interleaved")
    ca, origin = Authority(d / "ca"), Origin()
    origin.on("/", answer(BODY, type="text/plain"))
    conf = d / "t.yaml"
    conf.write_text(h2.conf(origin.url, ca))
    tacet = Tacet("-c", conf)
    yield h2.ports(tacet)["tls"], ca
    tacet.stop()
    origin.close()


class Visitor:
    """One that is asked for its next step, over and over; TLS without a socket of its own."""

    def __init__(self, port, ctx, turns):
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.setblocking(False)
        self.come, self.go = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = ctx.wrap_bio(self.come, self.go, server_hostname=h2.HOST)
        self.turns, self.left = turns, b""  # turns: it goes away after so many; None: it stays
        self.asked = self.over = False
        self.got = bytearray()

    def step(self, most, few):
        try:
            data = self.sock.recv(most)
            self.over = not data
            self.come.write(data) if data else self.come.write_eof()
        except BlockingIOError:
            pass
        self.talk()
        self.left += self.go.read()
        try:
            self.left = self.left[self.sock.send(self.left[:few]):] if self.left else b""
        except BlockingIOError:
            pass
        if self.turns is not None:
            self.turns -= 1
            self.over |= self.turns == 0
        if self.over:
            self.sock.close()

    def talk(self):
        try:
            if not self.asked:
                self.tls.do_handshake()
                self.tls.write(REQUEST)
                self.asked = True
            while data := self.tls.read(65536):
                self.got += data
        except (ssl.SSLWantReadError, ssl.SSLZeroReturnError):
            pass


@pytest.mark.parametrize("seed", range(4))
def test_none_notices_the_others(world, seed):
    port, ca = world
    chance = random.Random(seed)
    contexts = [context(ca.pem), context(ca.pem, maximum=ssl.TLSVersion.TLSv1_2)]
    visitors = [Visitor(port, contexts[n % 2], chance.randrange(1, 40) if n % 3 == 0 else None) for n in range(COUNT)]
    live, until = list(visitors), time.monotonic() + DEADLINE
    while live:
        assert time.monotonic() < until, f"{len(live)} of {COUNT} are not through"
        v = chance.choice(live)
        v.step(chance.choice([7, 300, 65536]), chance.choice([1, 5, 50, 3000]))
        if v.over:
            live.remove(v)
    stayed = [v for v in visitors if v.turns is None]
    assert len(stayed) == COUNT * 2 // 3
    for v in stayed:
        head, _, body = bytes(v.got).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200") and body.decode() == BODY
