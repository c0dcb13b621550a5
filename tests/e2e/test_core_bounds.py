"""What a peer can make us hold has a limit, and so has what we ask of the system."""
import signal
import socket
import subprocess
import threading
import time

import pytest

from harness import Broken, Client, answer, head_bytes, sanitized, tacet_path, total, wait_until

MIB = 1 << 20


def config(tmp_path, origin, limits, extra=""):
    conf = tmp_path / "t.yaml"
    conf.write_text(f"""
version: 1
listen: [{{address: "127.0.0.1:0"}}]
limits: {{{limits}}}
sites: [{{hosts: ["*"], origin: {{url: "{origin.url}"}}}}]
{extra}""")
    return conf


@pytest.fixture
def few_descriptors(tmp_path, monkeypatch):
    """Lets the proxy have n descriptors and no more."""
    program = tacet_path()

    def limit(n):
        script = tmp_path / "few"
        script.write_text(f'#!/bin/sh\nulimit -n {n} && exec "{program}" "$@"\n')
        script.chmod(0o755)
        monkeypatch.setenv("TACET", str(script))
    return limit


def test_answers_that_nobody_reads_do_not_pile_up(start, fresh_origin, tmp_path):
    """Pipelined requests for pages of our own: answered as fast as they are read, not as they are asked."""
    proxy = start("-c", config(tmp_path, fresh_origin, "keepalive_requests: 1000000"))
    ask = b"GET /privacy-choices HTTP/1.1\r\nHost: www.example.test\r\n\r\n" * 100
    assert proxy.get("/privacy-choices").status == 200
    before = proxy.memory()
    with proxy.client(rcvbuf=4096) as c:
        c.sock.settimeout(1)
        sent = 0
        with pytest.raises(TimeoutError):
            while sent < 20 * MIB:
                sent += c.sock.send(ask)
        assert proxy.memory() - before < (24 if sanitized() else 2) * MIB
        c.sock.settimeout(20)
        for _ in range(3000):
            assert c.answer().status == 200


def test_a_large_head_is_an_answer_not_an_end(start, fresh_origin, tmp_path):
    proxy = start("-c", config(tmp_path, fresh_origin, "header_size: 1MiB"))
    with proxy.client() as c:
        res = c.get("/", [(f"X-{i}", "y" * 9000) for i in range(95)])
    assert res.status == 200 and fresh_origin.last("/").get("X-94") == "y" * 9000


def test_a_visitor_who_takes_nothing_is_let_go(start, fresh_origin, tmp_path):
    proxy = start("-c", config(tmp_path, fresh_origin, "write_timeout: 1s"))
    fresh_origin.on("/large", answer(b"x" * 40_000_000, type="text/plain"))
    with proxy.client(rcvbuf=4096) as c:
        c.ask("/large")
        began = time.monotonic()
        wait_until(lambda: total(proxy.metrics(), "tacet_connections", state="open") == 1, "the visitor to be seen")
        wait_until(lambda: total(proxy.metrics(), "tacet_connections", state="open") == 0, "the stalled visitor to be let go")
        assert time.monotonic() - began < 15


def test_descriptors_are_left_for_origins(start, fresh_origin, few_descriptors):
    """More visitors than there are descriptors: some are shed, and the others are served."""
    few_descriptors(200)
    proxy = start("--origin", fresh_origin.url, "--region", "us-tx")
    crowd = [Client(proxy.port) for _ in range(250)]
    try:
        wait_until(lambda: total(proxy.metrics(), "tacet_connections_total", result="shed") > 0, "connections to be shed")
        served = 0
        for c in crowd:
            try:
                status = c.get("/").status
            except (Broken, OSError):
                continue
            assert status in (200, 503)
            served += status == 200
        assert served >= 40
    finally:
        for c in crowd:
            c.close()


def test_too_few_descriptors_is_said(fresh_origin, few_descriptors):
    """However few there are: it runs, or it says why not; it does not crash."""
    ended = 0
    for n in range(12, 60, 3):
        few_descriptors(n)
        proc = subprocess.Popen([tacet_path(), "run", "--origin", fresh_origin.url, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            lines = iter(proc.stdout.readline, "")
            if any(line == "ready\n" for line in lines):
                proc.send_signal(signal.SIGTERM)
                assert proc.wait(20) == 0
            else:
                said = proc.stderr.read()
                assert proc.wait(20) == 1 and said and "Sanitizer" not in said, f"{n} descriptors: {said[-2000:]}"
                ended += 1
        finally:
            proc.kill()
            proc.wait()
            proc.stdout.close()
            proc.stderr.close()
    assert ended > 0


def test_callers_of_the_socket_are_let_go_at_the_end(start, fresh_origin, tmp_path):
    path = str(tmp_path / "s")
    proxy = start("-c", config(tmp_path, fresh_origin, "fields: 100", f'admin: {{socket: "{path}"}}\n'))
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(path)
        caller.sendall(b"rel")
        with socket.socket(socket.AF_UNIX) as other:
            other.connect(path)
            other.sendall(b"what\n")
            assert other.recv(100).startswith(b"error")
        proxy.stop()
        assert caller.recv(1) == b""
