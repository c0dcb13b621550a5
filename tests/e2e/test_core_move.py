"""Large bodies that nobody changes go from socket to socket: the bytes are the same, and every end is seen."""
import hashlib
import os
import re
import socket

import pytest

from harness import Broken, answer, wait_until

BODY = os.urandom(1 << 16) * 96  # 6 MiB: far above where moving begins
SUM = hashlib.sha256(BODY).hexdigest()


def sum_of(message):
    return hashlib.sha256(message.body).hexdigest()


def test_the_bytes_are_the_same_and_both_connections_are_kept(texas, origin):
    origin.on("/big", answer(BODY, type="application/octet-stream"))
    before = origin.connections
    with texas.client() as c:
        for _ in range(3):
            got = c.get("/big")
            assert got.framing == "length" and sum_of(got) == SUM
        assert c.get("/").status == 200
    assert origin.connections - before <= 1


def test_a_slow_reader_gets_it_all(texas, origin):
    origin.on("/big", answer(BODY, type="application/octet-stream"))
    with texas.client(rcvbuf=4096) as c:
        c.ask("/big")
        digest, n = hashlib.sha256(), 0
        head = c.reader.head()
        assert head.get("Content-Length") == str(len(BODY))
        digest.update(c.reader.buf)
        n += len(c.reader.buf)
        while n < len(BODY):
            data = c.sock.recv(3001)
            assert data
            digest.update(data)
            n += len(data)
        assert digest.hexdigest() == SUM


def test_pipelined_requests_behind_it_are_answered(texas, origin):
    origin.on("/big", answer(BODY, type="application/octet-stream"))
    with texas.client() as c:
        for target in ("/big", "/", "/big", "/"):
            c.ask(target)
        assert sum_of(c.answer()) == SUM
        assert c.answer().status == 200
        assert sum_of(c.answer()) == SUM
        assert c.answer().status == 200


def test_bytes_beyond_the_length_reach_nobody(texas, origin):
    def more(conn, request):
        conn.sendall(answer(BODY, type="application/octet-stream") + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")

    origin.on("/more", more)
    with texas.client() as c:
        assert sum_of(c.get("/more")) == SUM
        assert b"evil" not in c.get("/").body


@pytest.mark.parametrize("reset", [False, True])
def test_an_origin_that_dies_in_the_middle_is_seen(texas, origin, reset):
    def die(conn, request):
        whole = answer(BODY, type="application/octet-stream")
        conn.sendall(whole[:len(whole) // 2])
        if reset:
            conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        return False

    origin.on("/die", die)
    with texas.client() as c:
        c.ask("/die")
        with pytest.raises((Broken, ConnectionResetError)):
            c.answer()


def test_it_is_moved_and_not_copied(texas, origin):
    """A visitor who keeps up with the origin: the system says how many bytes the proxy has read itself."""
    step, got = 256 << 10, [0]

    def in_step(conn, _request):
        conn.sendall(answer(BODY, type="application/octet-stream")[:-len(BODY)])
        for at in range(0, len(BODY), step):
            conn.sendall(BODY[at:at + step])
            wait_until(lambda sent=at + step: got[0] >= min(sent, len(BODY)), "the visitor has what was sent")

    origin.on("/in-step", in_step)
    with texas.client() as c:
        before = io_of(texas.pid)
        c.ask("/in-step")
        assert c.reader.head().status == 200
        got[0] = len(c.reader.buf)
        while got[0] < len(BODY):
            data = c.sock.recv(1 << 20)
            assert data
            got[0] += len(data)
        read = io_of(texas.pid) - before
    assert read < len(BODY) / 2  # splice() does not count as reading


def io_of(pid):
    with open(f"/proc/{pid}/io") as f:
        return int(re.search(r"rchar: (\d+)", f.read())[1])
