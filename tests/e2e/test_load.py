"""Bounded memory, whatever the peers do: slow readers, huge bodies, many idle connections."""
import resource
import socket
import threading

import pytest

from harness import Client, answer, get, head_bytes, sanitized, wait_until

SAID_NO = {"Sec-GPC": "1"}
MIB = 1 << 20


def firehose(total, type="application/octet-stream"):
    """An origin that writes as fast as it may, and tells how much it got rid of."""
    sent = [0]
    block = (b"<p>a page of words that never ends</p>\n" * 2000)[:65536].ljust(65536, b" ")

    def script(conn, _request):
        conn.sendall(head_bytes("HTTP/1.1 200 OK", {"Content-Type": type, "Content-Length": str(total)}))
        left = total
        while left > 0:
            part = block[:min(left, len(block))]
            conn.sendall(part)
            left -= len(part)
            sent[0] += len(part)
    return script, sent


def waits_in_the_system(port, client):
    """Bytes that the proxy has written and this client's side has not taken."""
    ours, theirs = f":{port:04X}", f":{client.sock.getsockname()[1]:04X}"
    with open("/proc/net/tcp") as f:
        rows = [line.split() for line in f]
    return sum(int(r[4].split(":")[0], 16) for r in rows if r[1].endswith(ours) and r[2].endswith(theirs))


@pytest.mark.parametrize("type, fields", [("application/octet-stream", {}), ("text/html", SAID_NO)])
def test_a_slow_reader_slows_the_origin(texas, origin, type, fields):
    total = 200 * MIB
    script, sent = firehose(total, type)
    path = origin.on(f"/slow/{len(fields)}", script)
    texas.get(origin.on("/warm", answer("<p>x")), fields)
    before = texas.memory()
    with texas.client(rcvbuf=4096) as c:
        c.ask(path, fields)
        c.sock.recv(1000)
        settled = [-1]

        def still():
            was, settled[0] = settled[0], sent[0]
            return was == sent[0] and sent[0] > 0

        wait_until(lambda: still() or threading.Event().wait(0.3), "the origin to be held back")
        wait_until(still, "the origin to be held back")
        assert sent[0] < total // 4, "nobody told the origin to wait"
        assert 0 < waits_in_the_system(texas.port, c) < MIB, "the system's memory is bounded too"
        grown = texas.memory() - before
        assert grown < (16 if sanitized() else 4) * MIB, f"{grown / MIB:.1f} MiB for one slow reader"


@pytest.mark.slow
@pytest.mark.parametrize("type, fields, total", [("application/octet-stream", {}, 1024 * MIB), ("text/html", SAID_NO, 256 * MIB)])
def test_a_huge_body_streams(texas, origin, type, fields, total):
    if sanitized():
        total //= 8
    script, _ = firehose(total, type)
    path = origin.on(f"/huge/{len(fields)}", script)
    get(texas.port, "/warm", fields)
    with texas.client(timeout=120) as c:
        c.ask(path, fields)
        head = c.reader.head()
        assert head.status == 200
        got, tail, length = len(c.reader.buf), c.reader.buf[-7:], head.get("Content-Length")
        before, most = texas.memory(), 0
        view = bytearray(1 << 20)
        while length is None or got < int(length):
            n = c.sock.recv_into(view)
            assert n > 0
            got += n
            tail = (tail + bytes(view[max(0, n - 7):n]))[-7:]
            most = max(most, got)
            if length is None and tail.endswith(b"0\r\n\r\n"):
                break
        assert got >= total
        assert texas.memory("VmHWM") - before < (64 if sanitized() else 8) * MIB


def test_idle_connections_are_cheap(start, fresh_origin):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    want = min(2000, hard - 300)
    proxy = start("--origin", fresh_origin.url, "--region", "us-tx")
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, want + 300)), hard))
    fresh_origin.on("/i", answer("ok", type="text/plain"))
    warm = [Client(proxy.port) for _ in range(50)]
    for c in warm:
        assert c.get("/i").status == 200
    fds, before = proxy.descriptors(), proxy.memory()
    idle = [Client(proxy.port) for _ in range(want)]
    try:
        for c in idle:
            assert c.get("/i").status == 200
        each = (proxy.memory() - before) / want
        assert each < (16384 if sanitized() else 2048), f"{each:.0f} bytes each"
        cpu = proxy.cpu()
        threading.Event().wait(1)
        assert proxy.cpu() - cpu < 0.1, "idle connections cost processor time"
    finally:
        for c in idle + warm:
            c.close()
    wait_until(lambda: proxy.descriptors() < fds, "the descriptors to come back")
    assert proxy.get("/i").status == 200


def test_a_flood_of_aborted_requests_leaves_nothing(start, fresh_origin):
    proxy = start("--origin", fresh_origin.url, "--region", "us-tx")
    fresh_origin.on("/big", answer(b"x" * 500_000, type="text/plain"))
    proxy.get("/big")
    fds, before = proxy.descriptors(), None
    for i in range(300):
        c = Client(proxy.port)
        c.ask("/big", SAID_NO)
        if i % 3 == 0:
            c.sock.recv(10)
        c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        c.close()
        if i == 100:
            before = proxy.memory()
    wait_until(lambda: proxy.descriptors() <= fds + 3, "the descriptors to come back")
    assert proxy.memory() - before < (64 if sanitized() else 4) * MIB
    assert proxy.get("/big").status == 200


def test_slow_uploads_take_nobodys_place(start, fresh_origin):
    """An origin that waits for the rest of a request has nothing to think about: others get through meanwhile."""
    proxy = start("--origin", fresh_origin.url, "--region", "us-tx")
    fresh_origin.on("/i", answer("ok", type="text/plain"))
    slow = []
    try:
        for _ in range(400):
            slow.append(Client(proxy.port))
            slow[-1].ask("/up", {"Content-Length": "100000"}, "POST")
            slow[-1].send(b"a little")
            assert proxy.get("/i").status == 200
    finally:
        for c in slow:
            c.close()
