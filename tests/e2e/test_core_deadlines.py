"""Each state of an exchange has a deadline, and it strikes the side that is late."""
import os
import socket
import threading
import time

import pytest

from harness import Broken, answer, chunked_answer

FORM = {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": "50"}


@pytest.fixture
def quick_proxy(start, fresh_origin, tmp_path):
    """A proxy that gives its origin one second."""
    conf = tmp_path / "t.yaml"
    conf.write_text(f"""
version: 1
listen: [{{address: "127.0.0.1:0"}}]
sites: [{{hosts: ["*"], origin: {{url: "{fresh_origin.url}", timeout: 1s}}}}]
rule_sets: {{light: {{}}}}
regions: [{{name: rest, where: ["*"], honour: [gpc, dnt, choice], default: light, opted_out: light}}]
""")
    return start("-c", conf)


@pytest.mark.slow
def test_an_origin_may_think_after_an_upload(start, fresh_origin):
    """Once the request is whole it is the origin's turn: the visitor is not late."""
    done = threading.Event()
    fresh_origin.on("/think", lambda conn, request: (done.wait(12), conn.sendall(answer("thought", type="text/plain"))))
    proxy = start("--origin", fresh_origin.url, "--region", "us-tx")
    with proxy.client() as c:
        c.ask("/think", {"Content-Length": "5"}, "POST")
        c.send(b"hel")
        threading.Event().wait(0.1)
        c.send(b"lo")
        res = c.answer("POST")
    done.set()
    assert (res.status, res.text) == (200, "thought")


@pytest.mark.slow
def test_a_form_of_ours_that_does_not_come(start, fresh_origin):
    proxy = start("--origin", fresh_origin.url, "--region", "us-tx")
    with proxy.client() as c:
        c.ask("/privacy-choices", FORM, "POST")
        c.send(b"abc")
        assert c.answer("POST").status == 408


@pytest.mark.slow
def test_a_body_that_nobody_wants_may_not_drip(start, fresh_origin):
    proxy = start("--origin", fresh_origin.url, "--region", "us-tx")
    with proxy.client() as c:
        c.ask("/privacy-choices", {"Content-Length": "60000"}, "PUT")
        assert c.answer("PUT").status >= 400
        began = time.monotonic()
        with pytest.raises(OSError):
            while time.monotonic() - began < 15:
                c.send(b"x")
                threading.Event().wait(0.2)
        assert time.monotonic() - began < 10


def test_a_slow_visitor_is_not_the_origins_fault(quick_proxy, fresh_origin):
    """The origin waits for the body as we do: its own time-out does not run meanwhile."""
    fresh_origin.on("/up", lambda conn, request: conn.sendall(answer(request.body, type="text/plain")))
    with quick_proxy.client() as c:
        c.ask("/up", {"Content-Length": "10"}, "POST")
        for part in (b"hello", b"world"):
            threading.Event().wait(1.7)
            c.send(part)
        res = c.answer("POST")
    assert (res.status, res.text) == (200, "helloworld")


@pytest.mark.slow
@pytest.mark.parametrize("fields, type", [({}, "application/octet-stream"), ({"Sec-GPC": "1"}, "text/html")])
@pytest.mark.parametrize("least", [1, 64 << 10])
def test_a_visitor_has_to_take_bytes(start, fresh_origin, tmp_path, fields, type, least):
    """Not all at once, but more than a few now and then: one who takes those is cut in the time of one stall."""
    conf = tmp_path / "t.yaml"
    conf.write_text(f"""
version: 1
listen: [{{address: "127.0.0.1:0"}}]
sites: [{{hosts: ["*"], origin: {{url: "{fresh_origin.url}"}}}}]
rule_sets: {{light: {{}}, out: {{status: "Honored"}}}}
regions: [{{name: rest, where: ["*"], honour: [gpc], default: light, opted_out: out}}]
limits: {{write_timeout: 2s}}
""")
    fresh_origin.on("/large", answer(b"<p>words\n" * (8 << 20 >> 3), type=type))
    proxy = start("-c", conf, listen=False)
    with proxy.client(rcvbuf=4096) as c:
        c.ask("/large", fields)
        began, cut = time.monotonic(), False
        while not cut and time.monotonic() - began < 5:
            got = 0
            while got < least:
                got += len(c.sock.recv(min(least, 4096)))
            threading.Event().wait(0.2)
            cut = c.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0
        assert cut == (least == 1), f"after {time.monotonic() - began:.1f} s"


def test_an_origin_that_reads_no_body_is_late(quick_proxy, fresh_origin):
    done = threading.Event()
    fresh_origin.scripts[("expect", "/deaf")] = lambda conn, head: done.wait(15)
    with quick_proxy.client() as c:
        def push():
            try:
                c.ask("/deaf", {"Content-Length": str(64 << 20)}, "POST")
                for _ in range(64 * 16):
                    c.send(b"x" * 65536)
            except OSError:
                pass

        pusher = threading.Thread(target=push)
        pusher.start()
        try:
            assert c.answer("POST").status == 504
        except (Broken, OSError):
            pytest.fail("cut, where 504 was due")
        finally:
            done.set()
            c.sock.close()
            pusher.join()


def test_the_end_of_a_body_may_be_taken_slowly(start, fresh_origin, tmp_path):
    """The origin is done, and the rest waits for the visitor: how long a connection may be idle has no say in that."""
    body = os.urandom(190 << 10)
    fresh_origin.on("/big", chunked_answer(body, size=60000, type="application/octet-stream"))
    conf = tmp_path / "t.yaml"
    conf.write_text(f"""
version: 1
listen: [{{address: "127.0.0.1:0"}}]
limits: {{idle_timeout: 1s, write_timeout: 5s}}
sites: [{{hosts: ["*"], origin: {{url: "{fresh_origin.url}"}}}}]
rule_sets: {{light: {{}}}}
regions: [{{name: rest, where: ["*"], honour: [gpc, dnt, choice], default: light, opted_out: light}}]
""")
    proxy = start("-c", conf)
    with proxy.client(rcvbuf=4096) as c:
        c.ask("/big")
        for _ in range(20):
            c.reader.buf += c.sock.recv(1500)
            threading.Event().wait(0.1)
        assert c.answer().body == body
