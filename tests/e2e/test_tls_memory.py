"""Two seconds after a visitor by TLS has left, nothing of him is left in the proxy's memory, and an idle one costs little."""
import contextlib
import resource
import ssl

import pytest

from certificates import Authority
from harness import Tacet, answer, sanitized, wait_until
from test_core_memory import FIELDS, TOKEN, left_in_memory
from tls import HandTls, TlsClient, TlsOrigin, context

T = TOKEN.decode()
IDLE, KIB_EACH = 800, 20  # http.md R11; the whole of it: tests/reliability/r11_idle.py


def start(d, ca, origin):
    cert, key = ca.issue("www.example.test", "*.example.test")
    (d / "t.yaml").write_text(f"""
version: 1
listen:
  - {{address: "127.0.0.1:0", tls: {{cert: {cert}, key: {key}}}}}
admin: {{address: "127.0.0.1:0"}}
sites: [{{hosts: ["*"], origin: {{url: "{origin.url}", tls: {{ca: {ca.pem}, name: app.test}}}}}}]
rule_sets: {{light: {{}}}}
regions: [{{name: rest, where: ["*"], default: light, opted_out: light}}]
limits: {{header_timeout: 60s, threads: 1}}
""")
    return Tacet("-c", d / "t.yaml")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    d = tmp_path_factory.mktemp("memory")
    ca = Authority(d / "ca")
    origin = TlsOrigin(ca.context("app.test"))
    origin.on("/echo", lambda conn, req: conn.sendall(answer(req.body + TOKEN * 3000, [("Set-Cookie", f"a={T}")])))
    tacet = start(d, ca, origin)
    tacet.tls = tacet.addresses["https"][0][1]
    yield tacet
    tacet.stop()
    origin.close()


def ask(w, version):
    ctx = context(minimum=version, maximum=version)
    with TlsClient(w.tls, f"{T}.example.test", ctx) as c:
        for body in (TOKEN * 10, TOKEN * 40000):
            assert c.get(f"/echo?q={T}", FIELDS, "POST", body).status == 200
        session = c.sock.session
    with TlsClient(w.tls, f"{T}.example.test", ctx, session=session) as c:
        assert c.get(f"/echo?q={T}", FIELDS).status == 200


def ask_and_go(w, version):
    c = TlsClient(w.tls, f"{T}.example.test", context(minimum=version, maximum=version))
    c.ask("/echo", FIELDS, "POST", TOKEN * 40000)
    c.close()


def half_a_handshake(w, version):
    t = HandTls(w.tls, f"{T}.example.test", context(minimum=version, maximum=version))
    with contextlib.suppress(ssl.SSLWantReadError):
        t.tls.do_handshake()
    hello = t.outside.read()
    t.sock.sendall(hello[:-3])
    t.close()
    t = HandTls(w.tls, f"{T}.example.test", context(alpn=(T,), minimum=version, maximum=version))
    with contextlib.suppress(ssl.SSLError, OSError):
        t.shake()
    t.close()


def half_a_record(w, version):
    t = HandTls(w.tls, "www.example.test", context(minimum=version, maximum=version))
    t.shake()
    t.tls.write(f"GET /{T} HTTP/1.1\r\nX: {T}".encode())
    t.flush()
    t.tls.write(TOKEN * 1000)
    t.sock.sendall(t.outside.read()[:-9])
    t.close()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("way", [ask, ask_and_go, half_a_handshake, half_a_record])
def test_nothing_is_left(world, way, version):
    if sanitized():
        pytest.skip("a sanitizer keeps what is freed")
    any_case = b"(?i)" + TOKEN  # names that are asked for are kept in lower case
    t = HandTls(world.tls, f"{T}.example.test")  # the search works: a visit under way is found
    t.shake()
    t.send(b"GET /" + TOKEN)
    wait_until(lambda: left_in_memory(world.pid, any_case), "the visit to be seen")
    t.close()
    way(world, version)
    with contextlib.suppress(AssertionError):
        wait_until(lambda: not left_in_memory(world.pid, any_case), "it to be gone", 4)
    assert not left_in_memory(world.pid, any_case)


def test_an_idle_connection_costs_little(tmp_path):
    """Handshake, one request, then silence: no buffer stays with it."""
    if sanitized():
        pytest.skip("memory is not judged in a sanitized build")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    ca, ctx = Authority(tmp_path / "ca"), context()
    origin = TlsOrigin(ca.context("app.test"))
    tacet = start(tmp_path, ca, origin)
    port = tacet.addresses["https"][0][1]

    def crowd(n):
        clients = []
        for _ in range(n):
            c = TlsClient(port, "www.example.test", ctx)
            assert c.get("/").status == 200
            clients.append(c)
        return clients
    try:
        warm = crowd(100)
        before = tacet.memory()
        idle = crowd(IDLE)
        each = (tacet.memory() - before) / IDLE / 1024
        print(f"{each:.1f} KiB each")
        assert each <= KIB_EACH
        for c in warm + idle:
            c.close()
    finally:
        tacet.stop()
        origin.close()
