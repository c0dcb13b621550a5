"""Origins that are down, slow, confused or gone; and a proxy that says so."""
import contextlib
import resource
import socket
import subprocess
import threading
import time

import pytest

from harness import Broken, Origin, answer, head_bytes, tacet_path


def test_origin_down(start, fresh_origin):
    proxy = start("--origin", fresh_origin.url, "--region", "us-tx")
    assert proxy.get("/").status == 200
    fresh_origin.close()
    began = time.monotonic()
    res = proxy.get("/")
    assert res.status == 502 and time.monotonic() - began < 3
    assert res.get("Content-Type", "").startswith("text/html") and "no-store" in res.get("Cache-Control", "")
    assert str(fresh_origin.port) not in res.text and "127.0.0.1" not in res.text
    assert proxy.get("/privacy-choices").status == 200


def test_origin_that_comes_later(start):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    proxy = start("--origin", f"http://127.0.0.1:{port}", "--region", "us-tx")
    assert proxy.get("/").status == 502


@pytest.mark.parametrize("wrong", [
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"HTTP/1.1 200 OK\nX: y\n\n",
    b"HTTP/1.1 099 Low\r\nContent-Length: 0\r\n\r\n", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200 OK\r\nX: a\r\n folded\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nX: " + b"y" * 40000 + b"\r\nContent-Length: 0\r\n\r\n", b""])
def test_an_answer_that_is_none(start, texas, origin, wrong):
    def script(conn, _request):
        conn.sendall(wrong)
        return False

    res = texas.get(origin.on("/wrong", script))
    assert res.status == 502
    origin.on("/wrong", answer("right", type="text/plain"))
    assert texas.get("/wrong").text == "right"


def test_bytes_after_an_answer_are_nobodys(texas, origin):
    """Response queue poisoning: what follows a response on an origin connection reaches no visitor."""
    origin.on("/poison", answer("mine", type="text/plain") + answer("POISON", type="text/plain"))
    for _ in range(5):
        assert texas.get("/poison").text == "mine"
        origin.on("/clean", answer("clean", type="text/plain"))
        assert texas.get("/clean").text == "clean"


@pytest.mark.parametrize("fields", [{}, {"Sec-GPC": "1"}])
def test_a_reset_ends_no_body(start, fresh_origin, fields):
    """Without a length the end of the connection is the end of the body; a reset, seen with the last bytes, is none."""
    proxy = start("--origin", fresh_origin.url, "--region", "us-tx")

    def script(conn, _request):
        with proxy.frozen():
            conn.sendall(answer("<p>the first half", length=False))
            conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            conn.close()
        return False

    fresh_origin.on("/reset", script)
    for _ in range(3):
        with pytest.raises(Broken):
            proxy.get("/reset", fields)


def test_an_origin_that_never_answers(start, fresh_origin, tmp_path):
    conf = tmp_path / "t.yaml"
    conf.write_text(f"""
version: 1
listen: [{{address: "127.0.0.1:0"}}]
sites: [{{hosts: ["*"], origin: {{url: "{fresh_origin.url}", timeout: 1s}}}}]
rule_sets: {{light: {{}}}}
regions: [{{name: rest, where: ["*"], honour: [gpc, dnt, choice], default: light, opted_out: light}}]
""")
    done = threading.Event()
    fresh_origin.on("/never", lambda conn, request: done.wait(15))
    fresh_origin.on("/half", lambda conn, request: (conn.sendall(head_bytes("HTTP/1.1 200 OK", {"Content-Length": "9"}) + b"half"), done.wait(15)))
    proxy = start("-c", conf)
    began = time.monotonic()
    assert proxy.get("/never").status == 504
    assert 0.8 < time.monotonic() - began < 5
    with pytest.raises(Broken):
        proxy.get("/half")
    done.set()


def test_one_dead_origin_among_sites(start, tmp_path):
    good, dead = Origin(), Origin()
    dead.close()
    conf = tmp_path / "t.yaml"
    conf.write_text(f"""
version: 1
listen: [{{address: "127.0.0.1:0"}}]
sites:
  - {{hosts: [good.test, "*.good.test"], origin: {{url: "{good.url}"}}}}
  - {{hosts: [dead.test], origin: {{url: "{dead.url}"}}}}
rule_sets: {{light: {{}}}}
regions: [{{name: rest, where: ["*"], honour: [gpc, dnt, choice], default: light, opted_out: light}}]
""")
    proxy = start("-c", conf)
    assert proxy.get("/", host="good.test").status == 200
    assert proxy.get("/", host="GOOD.test:8080").status == 200
    assert proxy.get("/", host="a.good.test").status == 200
    assert proxy.get("/", host="dead.test").status == 502
    assert proxy.get("/", host="other.test").status == 421
    good.close()


def test_address_in_use_is_said_plainly(start, texas):
    ran = subprocess.run([tacet_path(), "run", "--origin", "http://127.0.0.1:1", "--listen", f"127.0.0.1:{texas.port}", "--admin", "127.0.0.1:0"],
                         capture_output=True, text=True, timeout=20)
    assert ran.returncode == 1, ran
    assert f"127.0.0.1:{texas.port}" in ran.stdout + ran.stderr and "in use" in ran.stdout + ran.stderr


def test_more_events_at_once_than_are_taken_at_once(start, fresh_origin, tmp_path):
    """1024 are, and answers of the first come with the rest: still answers, and nobody is asked twice."""
    conf = tmp_path / "t.yaml"
    conf.write_text(f"""
version: 1
listen: [{{address: "127.0.0.1:0"}}]
limits: {{threads: 1}}
sites: [{{hosts: ["*"], origin: {{url: "{fresh_origin.url}", overload: none}}}}]
""")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    fresh_origin.on("/many", answer("ok", type="text/plain"))
    proxy = start("-c", conf)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(proxy.client()) for _ in range(1300)]
        for c in clients[:200]:
            c.ask("/many")
        for c in clients[:200]:
            assert c.answer().status == 200
        with proxy.frozen():
            for c in clients:
                c.ask("/many")
        assert all(c.answer().text == "ok" for c in clients)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert len(fresh_origin.asked("/many")) == 1500
