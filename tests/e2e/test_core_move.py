"""Large bodies that nobody changes go from socket to socket: the bytes are the same, and every end is seen."""
import hashlib
import os
import re
import resource
import socket
import threading

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


EVIL = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nevil"


@pytest.mark.parametrize("line", [False, True], ids=["free", "line"])
def test_what_stands_behind_a_body_is_nobodys_answer(start, fresh_origin, tmp_path, line):
    """One move takes the whole body, and somebody has the connection next before another event tells what is left."""
    body = os.urandom(128 << 10)
    go, begun = threading.Event(), threading.Event()

    def big(conn, _request):
        conn.sendall(answer(body, type="application/octet-stream")[:-len(body)])
        begun.set()
        assert go.wait(10)
        conn.sendall(body + EVIL)

    fresh_origin.on("/big", big)
    fresh_origin.on("/much", answer(BODY, type="application/octet-stream"))
    fresh_origin.on("/next", answer("right", type="text/plain"))
    proxy = start("-c", config(tmp_path, fresh_origin, ", connections: 1" if line else ""))
    with proxy.client() as a, proxy.client() as b:
        b.get("/")
        for _ in range(3):  # so that the system holds more for this connection than the body
            a.get("/much")
        a.ask("/big")
        assert begun.wait(10) and a.reader.head().status == 200
        if line:
            b.ask("/next")
        with proxy.frozen():
            go.set()
            wait_until(lambda: unread(proxy.pid) > len(body), "the body has come")
            if not line:
                b.ask("/next")
                wait_until(lambda: unread(proxy.pid, proxy.port) > 0, "the request has come")
        assert a.reader.exactly(len(body)) == body
        assert b.answer().text == "right"


def config(tmp_path, origin, more=""):
    conf = tmp_path / "t.yaml"
    conf.write_text(f"""
version: 1
listen: [{{address: "127.0.0.1:0"}}]
limits: {{threads: 1}}
sites: [{{hosts: ["*"], origin: {{url: "{origin.url}"{more}}}}}]
rule_sets: {{light: {{}}}}
regions: [{{name: rest, where: ["*"], honour: [gpc, dnt, choice], default: light, opted_out: light}}]
""")
    return conf


def unread(pid, port=None):
    """Bytes that wait in the sockets of a process for being read; port: its own."""
    inodes = {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}
    waiting = 0
    with open("/proc/net/tcp") as f:
        for parts in map(str.split, list(f)[1:]):
            if f"socket:[{parts[9]}]" in inodes and parts[3] != "0A" and port in (None, int(parts[1].split(":")[1], 16)):
                waiting += int(parts[4].split(":")[1], 16)
    return waiting


def test_without_a_descriptor_for_the_pipe_it_is_copied(start, fresh_origin, tmp_path):
    fresh_origin.on("/big", answer(BODY, type="application/octet-stream"))
    proxy = start("-c", config(tmp_path, fresh_origin))
    with proxy.client() as c:
        assert c.get("/").status == 200
        most = resource.prlimit(proxy.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(proxy.pid, resource.RLIMIT_NOFILE, (3, most[1]))
        assert sum_of(c.get("/big")) == SUM
        resource.prlimit(proxy.pid, resource.RLIMIT_NOFILE, most)
