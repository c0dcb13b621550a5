"""Origins asked by https: whom we trust, who we are, and what a broken connection means."""
import os
import socket
import ssl
import subprocess
import threading

import pytest

from certificates import Authority, cut, openssl
from harness import Broken, Client, Origin, Tacet, answer, chunked_answer, head_bytes, tacet_path, total, wait_until
from tls import TlsOrigin

HOST = "www.example.test"
BIG = bytes(range(256)) * 8192


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


def conf(origin, more=""):
    return f"""
version: 1
listen: [{{address: "127.0.0.1:0"}}]
admin: {{address: "127.0.0.1:0"}}
sites:
  - hosts: ["*"]
    origin: {{{origin}}}
    routes: [{{name: raw, match: "/raw/*", filter: none}}, {{name: all, match: "/*"}}]
rule_sets: {{light: {{}}}}
regions: [{{name: rest, where: ["*"], default: light, opted_out: light}}]
{more}"""


class Run:
    def __init__(self, tmp_path, text):
        self.path = tmp_path / "t.yaml"
        self.path.write_text(text)
        self.tacet = Tacet("-c", self.path)

    def __enter__(self):
        return self.tacet

    def __exit__(self, *exc):
        self.tacet.stop()


def errors(tacet, kind):
    return total(tacet.metrics(), "tacet_gateway_errors_total", **{"class": kind})


def test_an_https_origin(tmp_path, ca):
    origin = TlsOrigin(ca.context("app.test"))
    origin.on("/raw/big", answer(BIG, type="application/octet-stream"))
    origin.on("/raw/chunks", chunked_answer(BIG, size=9000, type="application/octet-stream"))
    origin.on("/raw/echo", lambda conn, req: conn.sendall(answer(req.body, type="application/octet-stream")))
    with Run(tmp_path, conf(f'url: "{origin.url}", tls: {{ca: {ca.pem}, name: app.test}}')) as t:
        with t.client() as c:
            for _ in range(3):
                assert c.get("/page").status == 200
            assert c.get("/raw/big").body == BIG
            assert c.get("/raw/chunks").body == BIG
            assert c.get("/raw/echo", method="POST", body=BIG).body == BIG
        assert origin.connections == 1  # kept
        assert origin.names == ["app.test"]
        assert origin.last("/page").get("Host") == f"127.0.0.1:{origin.port}"  # host: origin is the default
        assert total(t.metrics(), "tacet_upstream_healthy") == 1
    origin.close()


def test_host_keep_is_kept(tmp_path, ca):
    origin = TlsOrigin(ca.context("IP:127.0.0.1"))
    with Run(tmp_path, conf(f'url: "{origin.url}", host: keep, tls: {{ca: {ca.pem}}}')) as t:
        assert t.get("/page").status == 200
        assert origin.last("/page").get("Host") == HOST
        assert origin.names == [None]  # an address is verified, and not asked for
    origin.close()


@pytest.mark.parametrize("what", ["another authority", "another name", "expired", "the system's"])
def test_who_cannot_be_trusted_is_not_asked(tmp_path, ca, what):
    other = Authority(tmp_path / "other") if what == "another authority" else ca
    expired = dict(start="20200101000000Z", end="20210101000000Z") if what == "expired" else {}
    origin = TlsOrigin(other.context("evil.test" if what == "another name" else "app.test", **expired))
    trusted = "" if what == "the system's" else f"ca: {ca.pem}, "
    with Run(tmp_path, conf(f'url: "{origin.url}", tls: {{{trusted}name: app.test}}')) as t:
        for _ in range(2):
            assert t.get("/secret").status == 502
        assert not origin.asked("/secret") and errors(t, "tls") == 2
        assert total(t.metrics(), "tacet_upstream_errors_total", **{"class": "tls"}) >= 2
    origin.close()


def test_verify_false(tmp_path, ca):
    origin = TlsOrigin(Authority(tmp_path / "other").context("evil.test"))
    with Run(tmp_path, conf(f'url: "{origin.url}", tls: {{verify: false}}')) as t:
        assert t.get("/").status == 200
    done = subprocess.run([tacet_path(), "check", "--offline", "-c", tmp_path / "t.yaml"], capture_output=True, text=True)
    assert done.returncode == 0 and "is not verified" in done.stdout + done.stderr
    origin.close()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_our_certificate(tmp_path, ca, version):
    cert, key = ca.client("edge")
    ctx = ca.context("app.test")
    ctx.minimum_version = ctx.maximum_version = version
    ctx.verify_mode = ssl.CERT_REQUIRED
    ctx.load_verify_locations(ca.pem)
    origin = TlsOrigin(ctx)
    with Run(tmp_path, conf(f'url: "{origin.url}", tls: {{ca: {ca.pem}, name: app.test, cert: {cert}, key: {key}}}')) as t:
        assert t.get("/").status == 200
        assert (("commonName", "edge"),) in origin.certificates[0]["subject"]
    with Run(tmp_path, conf(f'url: "{origin.url}", tls: {{ca: {ca.pem}, name: app.test}}')) as t:
        assert t.get("/").status == 502
    origin.close()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_sessions_are_used_again(tmp_path, ca, version):
    ctx = ca.context("app.test")
    ctx.minimum_version = ctx.maximum_version = version
    origin = TlsOrigin(ctx)
    origin.on("/close", answer(b"x", [("Connection", "close")]))
    with Run(tmp_path, conf(f'url: "{origin.url}", tls: {{ca: {ca.pem}, name: app.test}}', "limits: {threads: 1}")) as t:
        for _ in range(4):
            assert t.get("/close").status == 200
        wait_until(lambda: len(origin.resumed) == 4, "four connections")
        assert origin.resumed[0] is False and all(origin.resumed[1:])
    origin.close()


def offers_session(hello):
    """Whether a ClientHello has the extension pre_shared_key."""
    at = 5 + 4 + 2 + 32
    at += 1 + hello[at]
    at += 2 + int.from_bytes(hello[at:at + 2], "big")
    at += 1 + hello[at] + 2
    while at < len(hello):
        if int.from_bytes(hello[at:at + 2], "big") == 41:
            return True
        at += 4 + int.from_bytes(hello[at + 2:at + 4], "big")
    return False


@pytest.mark.parametrize("way", ["reset", "end", "alert", "silence"])
def test_a_session_that_the_origin_does_not_bear(tmp_path, ca, way):
    """It is not offered a second time."""
    ctx, offered = ca.context("app.test"), []

    def serve(sock):
        offered.append(offers_session(sock.recv(65536, socket.MSG_PEEK)))
        if not offered[-1]:
            with ctx.wrap_socket(sock, server_side=True) as tls:
                tls.recv(65536)
                tls.sendall(answer(b"x", [("Connection", "close")]))
            return
        if way == "reset":
            return  # with bytes that were not read
        sock.recv(65536)
        if way == "alert":
            sock.sendall(b"\x15\x03\x03\x00\x02\x02\x28")
        elif way == "silence":
            sock.recv(1)
    listener, port = serve_once(serve)
    text = conf(f'url: "https://127.0.0.1:{port}", connect_timeout: 1s, tls: {{ca: {ca.pem}, name: app.test}}', "limits: {threads: 1}")
    with Run(tmp_path, text) as t:
        assert [t.get("/").status < 500 for _ in range(3)] == [True, False, True]
        assert offered == [False, True, False]
    listener.close()


def test_connections_outlive_a_reload(tmp_path, ca):
    origin = TlsOrigin(ca.context("app.test"))
    with Run(tmp_path, conf(f'url: "{origin.url}", tls: {{ca: {ca.pem}, name: app.test}}', "limits: {threads: 1}")) as t:
        assert t.get("/").status == 200
        t.reload()
        wait_until(lambda: any(line.startswith("reloaded") for line in t.lines), "the reload")
        assert t.get("/").status == 200 and origin.connections == 1
    origin.close()


def serve_once(script):
    """A TCP server that gives each connection to script(sock)."""
    listener = socket.create_server(("127.0.0.1", 0))

    def run():
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            sock.settimeout(20)
            threading.Thread(target=guarded, args=(sock,), daemon=True).start()

    def guarded(sock):
        try:
            script(sock)
        except OSError:
            pass
        sock.close()
    threading.Thread(target=run, daemon=True).start()
    return listener, listener.getsockname()[1]


def test_bytes_in_clear_before_the_handshake(tmp_path, ca):
    """CVE-2026-1642: what somebody in between puts in front of the handshake is no answer."""
    ctx = ca.context("app.test")

    def inject(sock):
        sock.sendall(answer(b"injected"))
        with ctx.wrap_socket(sock, server_side=True) as tls:
            tls.recv(65536)
            tls.sendall(answer(b"true"))
    listener, port = serve_once(inject)
    with Run(tmp_path, conf(f'url: "https://127.0.0.1:{port}", tls: {{ca: {ca.pem}, name: app.test}}')) as t:
        res = t.get("/")
        assert res.status == 502 and b"injected" not in res.body and errors(t, "tls") == 1
    listener.close()


@pytest.mark.parametrize("polite", [True, False])
def test_a_body_that_ends_with_the_connection(tmp_path, ca, polite):
    """With close_notify it is whole; without, somebody may have cut it, and the visitor can tell."""
    ctx = ca.context("app.test")

    def serve(sock):
        with ctx.wrap_socket(sock, server_side=True, suppress_ragged_eofs=False) as tls:
            tls.recv(65536)
            tls.sendall(head_bytes("HTTP/1.1 200 OK", {"Content-Type": "text/plain", "Connection": "close"}) + b"z" * 50000)
            if polite:
                tls.unwrap()
            else:
                cut(tls)
    listener, port = serve_once(serve)
    with Run(tmp_path, conf(f'url: "https://127.0.0.1:{port}", tls: {{ca: {ca.pem}, name: app.test}}')) as t:
        with Client(t.port) as c:
            c.ask("/raw/x")
            if polite:
                assert c.answer().body == b"z" * 50000
            else:
                with pytest.raises((Broken, OSError)):
                    c.answer()
                assert errors(t, "closed") == 1
    listener.close()


def test_a_handshake_that_never_ends(tmp_path):
    listener, port = serve_once(lambda sock: sock.recv(1 << 20) and sock.recv(1 << 20))
    with Run(tmp_path, conf(f'url: "https://127.0.0.1:{port}", connect_timeout: 500ms, tls: {{verify: false}}')) as t:
        assert t.get("/").status == 504
    listener.close()


def test_an_origin_that_speaks_no_tls(tmp_path):
    listener, port = serve_once(lambda sock: sock.recv(65536) and sock.sendall(answer(b"what?", status="400 Bad Request")))
    with Run(tmp_path, conf(f'url: "https://127.0.0.1:{port}"')) as t:
        assert t.get("/").status == 502 and errors(t, "tls") == 1
    listener.close()


def test_checks_speak_tls(tmp_path, ca):
    origin, wrong = TlsOrigin(ca.context("app.test")), TlsOrigin(ca.context("evil.test"))
    more = f'urls: ["{origin.url}", "{wrong.url}"], check: {{path: /health, interval: 100ms}}, tls: {{ca: {ca.pem}, name: app.test}}'
    with Run(tmp_path, conf(more)) as t:
        wait_until(lambda: origin.asked("/health") and total(t.metrics(), "tacet_upstream_healthy", upstream=wrong.url) == 0, "the checks")
        assert total(t.metrics(), "tacet_upstream_healthy", upstream=origin.url) == 1
        for _ in range(6):
            assert t.get("/").status == 200
        assert not wrong.asked("/")
    origin.close()
    wrong.close()


def test_two_origins_at_one_address_share_no_connection(tmp_path, ca):
    """One verifies, the other does not: what one would not trust is not used because the other does."""
    origin = TlsOrigin(ca.context("evil.test"))
    text = conf(f'url: "{origin.url}", tls: {{verify: false}}').replace(
        "filter: none}", f'filter: none, origin: {{url: "{origin.url}", tls: {{ca: {ca.pem}, name: app.test}}}}}}')
    with Run(tmp_path, text) as t:
        for _ in range(3):
            assert t.get("/page").status == 200
            assert t.get("/raw/page").status == 502
    origin.close()


@pytest.mark.parametrize("way", ["file", "directory"])
def test_a_reload_sees_whom_the_system_trusts(tmp_path, ca, way):
    system, origin = tmp_path / "system", TlsOrigin(ca.context("app.test"))
    system.mkdir()
    other = Authority(tmp_path / "other")
    (system / "bundle.pem").write_bytes(open(other.pem, "rb").read())
    env = {"SSL_CERT_FILE": str(system / "bundle.pem" if way == "file" else tmp_path / "none"), "SSL_CERT_DIR": str(system)}
    path = tmp_path / "t.yaml"
    path.write_text(conf(f'url: "{origin.url}", tls: {{name: app.test}}'))
    t = Tacet("-c", path, env=env)
    try:
        assert t.get("/").status == 502
        name = openssl("x509", "-in", ca.pem, "-noout", "-subject_hash").decode().strip() + ".0" if way == "directory" else "bundle.pem"
        (system / name).write_bytes(open(ca.pem, "rb").read())
        t.reload()
        wait_until(lambda: any(line.startswith("reloaded") for line in t.lines), "the reload")
        assert t.get("/").status == 200
        if way == "directory":
            (system / name).unlink()
            t.reload()
            wait_until(lambda: sum(line.startswith("reloaded") for line in t.lines) == 2, "the second reload")
            assert t.get("/").status == 502
    finally:
        t.stop()
        origin.close()


def replace(path, source):
    """As renewals do it: another file of that name at once."""
    copied = path.with_suffix(".new")
    copied.write_bytes(open(source, "rb").read())
    copied.rename(path)


def success(tacet):
    return total(tacet.metrics(), "tacet_tls_certificate_reload_success")


def refused(tacet):
    return [line for line in tacet.lines if line.startswith("certificate refused")]


def taken(tacet):
    return sum(line.startswith("certificate taken: ") for line in tacet.lines)


def test_whom_to_trust_changes(tmp_path, ca):
    """Taken up without a reload; neither a kept connection nor a session outlives whom we trusted for it."""
    other, live = Authority(tmp_path / "other"), tmp_path / "live.pem"
    replace(live, other.pem)
    origin = TlsOrigin(ca.context("app.test"))
    text = conf(f'url: "{origin.url}", tls: {{ca: {live}, name: app.test}}', "limits: {threads: 1}").replace(
        "filter: none}", f'filter: none, origin: {{url: "{origin.url}", tls: {{ca: {live}, name: app.test}}}}}}')  # two that share it
    with Run(tmp_path, text) as t:
        assert t.get("/").status == 502 and success(t) == 1
        replace(live, ca.pem)
        wait_until(lambda: t.get("/").status == 200, "the new authority to be trusted")
        assert t.get("/raw/x").status == 200
        wait_until(lambda: taken(t) > 0, "the line")
        assert [line for line in t.lines if line.startswith("certificate taken: ")] == ["certificate taken: sites[0].origin"]
        before = origin.connections
        assert t.get("/").status == 200 and origin.connections == before  # it is kept
        replace(live, other.pem)
        wait_until(lambda: taken(t) == 2, "the other authority to be taken")
        assert t.get("/").status == 502 and t.get("/raw/x").status == 502
        replace(live, ca.pem)
        wait_until(lambda: taken(t) == 3, "the first authority to be taken again")
        assert t.get("/").status == 200
    origin.close()


@pytest.mark.parametrize("broken", ["garbage", "gone"])
def test_a_broken_authority_is_kept_out(tmp_path, ca, broken):
    live = tmp_path / "live.pem"
    replace(live, ca.pem)
    origin = TlsOrigin(ca.context("app.test"))
    with Run(tmp_path, conf(f'url: "{origin.url}", tls: {{ca: {live}, name: app.test}}', "limits: {threads: 1}")) as t:
        assert success(t) == 1 and t.get("/").status == 200
        if broken == "gone":
            live.unlink()
        else:
            live.write_text("garbage")
        wait_until(lambda: refused(t) and success(t) == 0, "the broken file to be noticed")
        words = "no certificate in it" if broken == "garbage" else "cannot be read"
        assert [words in line and str(live) in line for line in refused(t)] == [True], t.lines
        assert t.get("/").status == 200 and taken(t) == 0
        t.reload()
        wait_until(lambda: any("reload refused" in line for line in t.lines), "the refusal")
        replace(live, ca.pem)
        wait_until(lambda: success(t) == 1 and taken(t) == 1, "the good file")
        assert t.get("/").status == 200
    origin.close()


def test_our_certificate_changes(tmp_path, ca):
    """Until both of its files fit, the one before is shown."""
    cert, key = tmp_path / "live.pem", tmp_path / "live.key"
    pairs = [ca.client(name) for name in ("first", "second")]
    ctx = ca.context("app.test")
    ctx.verify_mode = ssl.CERT_REQUIRED
    ctx.load_verify_locations(ca.pem)
    origin = TlsOrigin(ctx)
    origin.on("/", answer(b"x", [("Connection", "close")]))

    def shown(t):
        assert t.get("/").status == 200
        return origin.certificates[-1]["subject"][0][0][1]
    replace(cert, pairs[0][0])
    replace(key, pairs[0][1])
    with Run(tmp_path, conf(f'url: "{origin.url}", tls: {{ca: {ca.pem}, name: app.test, cert: {cert}, key: {key}}}', "limits: {threads: 1}")) as t:
        assert shown(t) == "first" and success(t) == 1
        replace(cert, pairs[1][0])
        wait_until(lambda: refused(t) and success(t) == 0, "the wrong pair to be noticed")
        assert "not the key of the certificate" in refused(t)[0] and str(key) in refused(t)[0]
        assert shown(t) == "first"
        replace(key, pairs[1][1])
        wait_until(lambda: shown(t) == "second", "the new certificate")
        assert success(t) == 1
    origin.close()


def check(path):
    done = subprocess.run([tacet_path(), "check", "-c", path], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def authority(directory, start, end):
    """The file of one that is good from a day to another one."""
    made = Authority(directory)
    index, text = directory / "index", directory / "conf"
    index.write_text("")
    text.write_text(f"[ca]\ndefault_ca=it\n[it]\ndatabase={index}\nrand_serial=yes\npolicy=any\ndefault_md=sha256\nnew_certs_dir={directory}\n[any]\ncommonName=optional\n")
    openssl("req", "-new", "-key", made.key, "-out", directory / "csr", "-subj", "/CN=x")
    openssl("ca", "-batch", "-selfsign", "-config", text, "-keyfile", made.key, "-in", directory / "csr", "-out", made.pem, "-notext",
            "-startdate", start, "-enddate", end)
    return made.pem


def test_check_looks_into_the_files(tmp_path, ca):
    """As into those of listeners: what is wrong, and what will be soon, with its place and a hint."""
    origin, path = TlsOrigin(ca.context("app.test")), tmp_path / "t.yaml"
    good = authority(tmp_path / "good", "20200101000000Z", "20990101000000Z")
    old = authority(tmp_path / "old", "20200101000000Z", "20210101000000Z")
    later = authority(tmp_path / "later", "20900101000000Z", "20990101000000Z")
    both = tmp_path / "both.pem"
    both.write_bytes(open(old, "rb").read() + open(good, "rb").read())
    cert, key = ca.issue("x.test", days=90)
    os.chmod(key, 0o600)

    def judged(**more):
        text = ", ".join(f"{name}: {value}" for name, value in more.items())
        path.write_text(conf(f'url: "{origin.url}", tls: {{{text}}}'))
        return check(path)
    for more in (dict(ca=good), dict(ca=both), dict(ca=good, cert=cert, key=key), dict(ca=old, verify="false")):
        code, out = judged(**more)
        assert code == 0 and "expire" not in out and "tls." not in out.replace("tls.verify", ""), out
    soon, expired = ca.issue("a.test", days=10), ca.issue("a.test", start="20200101000000Z", end="20210101000000Z")
    for more, severity, words, key_at in (
            (dict(ca=tmp_path / "none"), "error", "it cannot be read", "ca"), (dict(ca=key), "error", "there is no certificate in it", "ca"),
            (dict(ca=old), "error", "all in it have expired", "ca"), (dict(ca=ca.pem), "warning", "the last in it expires in ", "ca"),
            (dict(ca=later), "warning", "none in it is valid yet", "ca"),
            (dict(ca=good, cert=tmp_path / "none", key=key), "error", "it cannot be read", "cert"),
            (dict(ca=good, cert=cert, key=tmp_path / "none"), "error", "it cannot be read", "key"),
            (dict(ca=good, cert=cert, key=ca.key), "error", "it is not the key of the certificate", "key"),
            (dict(ca=good, cert=soon[0], key=soon[1]), "warning", "it expires in ", "cert"),
            (dict(ca=good, cert=expired[0], key=expired[1]), "error", "it has expired", "cert")):
        code, out = judged(**more)
        column = path.read_text().splitlines()[6].index(f"{key_at}: ", path.read_text().splitlines()[6].index("tls: {")) + len(key_at) + 3
        at = [line for line in out.splitlines() if words in line]
        assert len(at) == 1 and at[0].split(": ")[0].endswith(f"t.yaml:7:{column}") and f": {severity}: " in at[0], out
        assert str(more[key_at]) in at[0] and "hint: " in out and (code == 1) == (severity == "error"), out
    os.chmod(key, 0o644)
    code, out = judged(ca=good, cert=cert, key=key)
    assert code == 0 and "everybody on this machine may read it" in out and "t.yaml:7:" in out, out
    origin.close()


def test_files_that_are_wrong(tmp_path, ca):
    cert, key = ca.issue("x.test")
    for more, words in ((f"ca: {tmp_path}/none", "cannot be read"), (f"ca: {key}", "there is no certificate"),
                        (f"cert: {cert}, key: {ca.key}", "not the key of the certificate")):
        path = tmp_path / "t.yaml"
        path.write_text(conf(f'url: "https://127.0.0.1:1", tls: {{{more}}}'))
        t = Tacet("-c", path, ready=False)
        assert t.wait() == 78 and words in t.stderr() and "t.yaml:7:" in t.stderr(), t.stderr()
