"""Which certificate a visitor gets, what a ticket is good for, and files that change under a running proxy."""
import os
import shutil
import ssl
import subprocess

import pytest

from certificates import Authority, openssl
from harness import Origin, Tacet, tacet_path, total, wait_until
from tls import TlsClient, context, tls_get

SITES = """
sites: [{{hosts: ["*"], origin: {{url: "{origin}"}}}}]
rule_sets: {{light: {{}}}}
regions: [{{name: rest, where: ["*"], default: light, opted_out: light}}]
"""


def conf(listen, origin):
    return 'version: 1\nlisten:\n' + listen + '\nadmin: {address: "127.0.0.1:0"}\n' + SITES.format(origin=origin)


@pytest.fixture(scope="module")
def origin():
    o = Origin()
    yield o
    o.close()


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


def serial(path):
    return openssl("x509", "-in", path, "-noout", "-serial").decode().strip().split("=")[1]


def served(port, name, ca_pem, **kw):
    """The serial number of the certificate that is served for a name."""
    with TlsClient(port, name or "x.test", context(**kw), sni=name) as c:
        pem = ssl.DER_cert_to_PEM_cert(c.certificate)
    return openssl("x509", "-noout", "-serial", input=pem.encode()).decode().strip().split("=")[1]


def rsa(ca, *names):
    """As Authority.issue(), with an RSA key."""
    cert, key = ca.path(f"rsa{names[0].strip('*.')}.pem"), ca.path(f"rsa{names[0].strip('*.')}.key")
    ext = ca.path("rsa.ext")
    with open(ext, "w") as f:
        f.write("subjectAltName=" + ",".join(f"DNS:{n}" for n in names))
    openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", ca.path("rsa.csr"), "-subj", "/CN=test")
    openssl("x509", "-req", "-in", ca.path("rsa.csr"), "-CA", ca.pem, "-CAkey", ca.key, "-CAcreateserial", "-out", cert, "-days", "90",
            "-extfile", ext)
    return cert, key


def put(pair, cert, key, way="rename"):
    """The pair takes the place of the files, as this or that tool does it."""
    for source, to in zip(pair, (cert, key)):
        if way == "in place":
            shutil.copyfile(source, to)
        else:
            shutil.copyfile(source, f"{to}.new")
            os.rename(f"{to}.new", to)


@pytest.fixture(scope="module")
def many(tmp_path_factory, origin, ca):
    d = tmp_path_factory.mktemp("many")
    pairs = {n: ca.issue(n, days=90) for n in ("first.test", "www.shop.test", "*.shop.test", "*.deep.shop.test")}
    pairs["rsa"] = rsa(ca, "www.shop.test")
    more = ", ".join(f"{{cert: {c}, key: {k}}}" for n, (c, k) in pairs.items() if n != "first.test")
    cert, key = pairs["first.test"]
    (d / "t.yaml").write_text(conf(f'  - {{address: "127.0.0.1:0", tls: {{cert: {cert}, key: {key}, certificates: [{more}]}}}}', origin.url))
    t = Tacet("-c", d / "t.yaml")
    t.tls = t.addresses["https"][0][1]
    t.serials = {n: serial(c) for n, (c, _) in pairs.items()}
    yield t
    t.stop()


@pytest.mark.parametrize("name, pair", [
    ("first.test", "first.test"), ("www.shop.test", "www.shop.test"), ("WWW.SHOP.TEST", "www.shop.test"), ("img.shop.test", "*.shop.test"),
    ("a.deep.shop.test", "*.deep.shop.test"), ("a.b.shop.test", "first.test"), ("shop.test", "first.test"), ("other.test", "first.test"),
    (None, "first.test")])
def test_the_name_chooses(many, ca, name, pair):
    assert served(many.tls, name, ca.pem) == many.serials[pair]


def test_rsa_and_ecdsa_side_by_side(many, ca):
    def old(cipher):
        c = context(maximum=ssl.TLSVersion.TLSv1_2)
        c.set_ciphers(cipher)
        with TlsClient(many.tls, "www.shop.test", c) as t:
            return t.certificate
    a, b = old("ECDHE-RSA-AES128-GCM-SHA256"), old("ECDHE-ECDSA-AES128-GCM-SHA256")
    assert a != b
    serials = {openssl("x509", "-noout", "-serial", input=ssl.DER_cert_to_PEM_cert(x).encode()).decode().strip().split("=")[1] for x in (a, b)}
    assert serials == {many.serials["rsa"], many.serials["www.shop.test"]}


def test_the_name_of_another_site_is_misdirected(tmp_path, origin, ca):
    """421 where the handshake named one site and Host another; names of one site, and of none, are fine."""
    cert, key = ca.issue("a.test", "www.a.test", "b.test", days=90)
    text = conf(f'  - {{address: "127.0.0.1:0", tls: {{cert: {cert}, key: {key}}}}}', origin.url)
    path = tmp_path / "t.yaml"
    path.write_text(text.replace('sites: [', f'sites: [{{hosts: [a.test, www.a.test], origin: {{url: "{origin.url}"}}}}, ').replace('["*"], origin', '[b.test], origin'))
    t = Tacet("-c", path)
    try:
        port, ctx = t.addresses["https"][0][1], context()
        for sni, host, status in (("a.test", "a.test", 200), ("A.test", "a.test:443", 200), ("a.test", "www.a.test", 200), ("a.test", "b.test", 421),
                                  ("b.test", "a.test", 421), ("none.test", "b.test", 200), (None, "b.test", 200), ("a.test", "none.test", 421)):
            assert tls_get(port, "/", host=host, ctx=ctx, sni=sni).status == status, (sni, host)
        assert total(t.metrics(), "tacet_http_refusals_total", reason="misdirected") == 2
    finally:
        t.stop()


# ---- tickets ---------------------------------------------------------------------------------------

def resumes(port, ctx, host, session, again=None):
    """Whether a session is taken up; again: another port or name."""
    with TlsClient(again or port, host, ctx, session=session) as c:
        c.get("/")
        return c.sock.session_reused


def session_of(port, ctx, host):
    with TlsClient(port, host, ctx) as c:
        c.get("/")
        return c.sock.session


@pytest.fixture
def two(tmp_path, origin, ca):
    """Two listeners, with the same certificate files; the first has a second certificate."""
    cert, key = ca.issue("first.test", days=90)
    more, more_key = ca.issue("second.test", days=90)
    listen = (f'  - {{address: "127.0.0.1:0", tls: {{cert: {cert}, key: {key}, certificates: [{{cert: {more}, key: {more_key}}}]}}}}\n'
              f'  - {{address: "127.0.0.2:0", tls: {{cert: {cert}, key: {key}}}}}')
    path = tmp_path / "t.yaml"
    path.write_text(conf(listen, origin.url))
    t = Tacet("-c", path)
    t.conf = path
    t.one, t.two = (p for _, p in t.addresses["https"])
    yield t
    t.stop()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_resumption(two, version):
    ctx = context(minimum=version, maximum=version)
    session = session_of(two.one, ctx, "first.test")
    before = total(two.metrics(), "tacet_tls_handshakes_total", result="resumed")
    assert resumes(two.one, ctx, "first.test", session)
    assert total(two.metrics(), "tacet_tls_handshakes_total", result="resumed") == before + 1
    lines = len([line for line in two.lines if line.startswith("reloaded")])
    two.reload()
    wait_until(lambda: len([line for line in two.lines if line.startswith("reloaded")]) > lines, "the reload")
    assert resumes(two.one, ctx, "first.test", session)
    assert not resumes(two.one, ctx, "second.test", session)  # another certificate


def test_a_ticket_of_another_listener_is_none(two, tmp_path):
    """The port is another one, and Python's sessions do not mind: the proxy has to."""
    file = tmp_path / "session"
    host = ["-servername", "first.test", "-quiet"]
    for port, address in ((two.one, "127.0.0.1"),):
        subprocess.run(["openssl", "s_client", "-connect", f"{address}:{port}", *host, "-sess_out", file],
                       input=b"GET / HTTP/1.1\r\nHost: first.test\r\nConnection: close\r\n\r\n", capture_output=True, timeout=30)
    def reused(address, port):
        out = subprocess.run(["openssl", "s_client", "-connect", f"{address}:{port}", "-servername", "first.test", "-sess_in", file],
                             input=b"", capture_output=True, timeout=30).stdout
        return b"\nReused, " in out
    assert reused("127.0.0.1", two.one)
    assert not reused("127.0.0.2", two.two)


def test_ticket_keys_of_a_file(tmp_path, origin, ca):
    """Two proxies that share a file take each other's tickets; keys go round; a damaged file is kept out."""
    cert, key = ca.issue("first.test", days=90)
    keys = tmp_path / "tickets"
    a, b, c = (os.urandom(80) for _ in range(3))
    keys.write_bytes(a)
    path = tmp_path / "t.yaml"
    path.write_text(conf(f'  - {{address: "127.0.0.1:0", tls: {{cert: {cert}, key: {key}, ticket_keys: {keys}}}}}', origin.url))
    nodes = [Tacet("-c", path), Tacet("-c", path)]
    ports = [n.addresses["https"][0][1] for n in nodes]
    ctx = context()
    try:
        session = session_of(ports[0], ctx, "first.test")
        assert resumes(ports[1], ctx, "first.test", session)
        put((keys, keys), keys, keys)  # replaced by itself: nothing changes
        (tmp_path / "new").write_bytes(b + a)
        os.rename(tmp_path / "new", keys)

        def fresh():
            s = session_of(ports[0], ctx, "first.test")
            return s.id is not None and resumes(ports[0], ctx, "first.test", s)
        wait_until(fresh, "tickets go on")
        assert resumes(ports[0], ctx, "first.test", session)  # the one before still decrypts
        keys.write_bytes(b"x" * 81)
        wait_until(lambda: nodes[0].metrics()[("tacet_tls_certificate_reload_success", frozenset())] == 0, "the bad file to be noticed")
        assert resumes(ports[0], ctx, "first.test", session)
        keys.write_bytes(c)
        wait_until(lambda: not resumes(ports[0], ctx, "first.test", session), "the old key to be gone")
        assert nodes[0].metrics()[("tacet_tls_certificate_reload_success", frozenset())] == 1
    finally:
        for n in nodes:
            n.stop()


# ---- files that change -----------------------------------------------------------------------------

@pytest.fixture
def single(tmp_path, origin, ca):
    cert, key = tmp_path / "live.pem", tmp_path / "live.key"
    t = World()
    t.cert, t.key, t.ca = cert, key, ca
    put(ca.issue("first.test", days=90), cert, key)
    path = tmp_path / "t.yaml"
    path.write_text(conf(f'  - {{address: "127.0.0.1:0", tls: {{cert: {cert}, key: {key}}}}}', origin.url))
    t.conf = path
    t.tacet = Tacet("-c", path)
    t.port = t.tacet.addresses["https"][0][1]
    yield t
    t.tacet.stop()


class World:
    def success(self):
        return self.tacet.metrics()[("tacet_tls_certificate_reload_success", frozenset())]


@pytest.mark.parametrize("way", ["rename", "in place"])
def test_a_new_certificate_is_taken_up(single, way):
    with TlsClient(single.port, "first.test", context(single.ca.pem)) as kept:
        assert kept.get("/").status == 200
        session = session_of(single.port, ctx := context(single.ca.pem), "first.test")
        pair = single.ca.issue("first.test", days=60)
        before = total(single.tacet.metrics(), "tacet_tls_certificate_not_after_seconds")
        put(pair, single.cert, single.key, way)
        wait_until(lambda: served(single.port, "first.test", None) == serial(pair[0]), "the new serial")
        assert kept.get("/").status == 200  # nobody was cut
        assert resumes(single.port, ctx, "first.test", session)
        assert total(single.tacet.metrics(), "tacet_tls_certificate_not_after_seconds") < before
    assert any(line.startswith("certificate taken: 127.0.0.1:0") for line in single.tacet.lines)


def test_links_that_are_turned(tmp_path, origin, ca):
    """As certbot (a link a file) and Kubernetes (one link for the folder) have it."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        put(ca.issue("first.test", days=90), tmp_path / name / "tls.crt", tmp_path / name / "tls.key")
    (tmp_path / "data").symlink_to("one")
    for name in ("tls.crt", "tls.key"):
        (tmp_path / name).symlink_to(f"data/{name}")
    path = tmp_path / "t.yaml"
    path.write_text(conf(f'  - {{address: "127.0.0.1:0", tls: {{cert: tls.crt, key: tls.key}}}}', origin.url))
    t = Tacet("-c", path)
    try:
        port = t.addresses["https"][0][1]
        assert served(port, "first.test", None) == serial(tmp_path / "one" / "tls.crt")
        (tmp_path / "next").symlink_to("two")
        os.rename(tmp_path / "next", tmp_path / "data")
        wait_until(lambda: served(port, "first.test", None) == serial(tmp_path / "two" / "tls.crt"), "the new serial")
    finally:
        t.stop()


def test_a_wrong_pair_is_kept_out(single):
    old = served(single.port, "first.test", None)
    good, other = single.ca.issue("first.test", days=90), single.ca.issue("first.test", days=90)
    put((good[0], other[1]), single.cert, single.key)
    wait_until(lambda: single.success() == 0, "the wrong pair to be noticed")
    assert served(single.port, "first.test", None) == old
    assert any("certificate refused" in line and "not the key of the certificate" in line for line in single.tacet.lines)
    single.cert.write_text("garbage")
    wait_until(lambda: any("no certificate in it" in line for line in single.tacet.lines), "the garbage to be noticed")
    assert served(single.port, "first.test", None) == old
    os.unlink(single.cert)
    wait_until(lambda: any("cannot be read" in line for line in single.tacet.lines), "the missing file to be noticed")
    assert served(single.port, "first.test", None) == old
    put(good, single.cert, single.key)
    wait_until(lambda: served(single.port, "first.test", None) == serial(good[0]), "the right pair")
    assert single.success() == 1


def test_a_reload_with_a_wrong_pair_is_refused(single):
    other = single.ca.issue("first.test", days=90)
    was = single.conf.read_text()
    single.conf.write_text(was.replace(str(single.key), other[1]))
    single.tacet.reload()
    wait_until(lambda: any("reload refused" in line for line in single.tacet.lines), "the refusal")
    assert any("t.yaml:3:" in line and "it is not the key of the certificate" in line for line in single.tacet.lines), single.tacet.lines
    assert tls_get(single.port, host="first.test", ctx=context(single.ca.pem)).status == 200


def test_a_reload_with_a_pipe_is_refused(single, tmp_path):
    """To open it would be to wait for somebody who writes."""
    os.mkfifo(tmp_path / "pipe")
    was = single.conf.read_text()
    single.conf.write_text(was.replace(str(single.key), f"{tmp_path}/pipe"))
    single.tacet.reload()
    wait_until(lambda: any("reload refused" in line for line in single.tacet.lines), "the refusal")
    assert any("t.yaml:3:" in line and "not a regular file" in line for line in single.tacet.lines), single.tacet.lines
    single.conf.write_text(was)
    os.rename(tmp_path / "pipe", single.key)  # and in place of the file that is watched
    wait_until(lambda: single.success() == 0, "the pipe to be noticed")
    assert tls_get(single.port, host="first.test", ctx=context(single.ca.pem)).status == 200


# ---- check ------------------------------------------------------------------------------------------

def check(path):
    done = subprocess.run([tacet_path(), "check", "-c", path], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def judged(tmp_path, origin, cert, key, extra=""):
    path = tmp_path / "t.yaml"
    path.write_text(conf(f'  - {{address: "127.0.0.1:0", tls: {{cert: {cert}, key: {key}{extra}}}}}', origin.url))
    return check(path)


def test_check_looks_into_the_files(tmp_path, origin, ca):
    cert, key = ca.issue("first.test", days=90)
    os.chmod(key, 0o600)
    code, out = judged(tmp_path, origin, cert, key)
    assert code == 0 and "tls" not in out, out
    os.chmod(key, 0o644)
    code, out = judged(tmp_path, origin, cert, key)
    assert code == 0 and "warning" in out and "everybody on this machine may read it" in out and "t.yaml:3:" in out, out
    for pair, words in ((ca.issue("a.test", days=10), "it expires in "), (ca.issue("a.test", start="20200101000000Z", end="20210101000000Z"), "it has expired"),
                        ((cert, ca.issue("a.test")[1]), "it is not the key of the certificate"), ((tmp_path / "none", key), "cannot be read"),
                        ((key, key), "no certificate in it"), ((cert, cert), "no private key in it")):
        code, out = judged(tmp_path, origin, *pair)
        assert words in out and "t.yaml:3:" in out and "hint: " in out, out
        assert (code == 0) == ("expires in" in words)
    locked = tmp_path / "locked.key"
    openssl("pkey", "-in", key, "-aes128", "-passout", "pass:secret", "-out", locked)
    code, out = judged(tmp_path, origin, cert, locked)
    assert code == 1 and "it has a pass phrase" in out, out
    (tmp_path / "keys").write_bytes(b"short")
    code, out = judged(tmp_path, origin, cert, key, f", ticket_keys: {tmp_path}/keys")
    assert code == 1 and "80 bytes for each key" in out, out


def test_check_waits_for_no_pipe(tmp_path, origin, ca):
    cert, key = ca.issue("first.test", days=90)
    pipe, path = tmp_path / "pipe", tmp_path / "t.yaml"
    os.mkfifo(pipe, 0o600)
    for c, k, more in ((cert, pipe, ""), (pipe, key, ""), (cert, key, f", ticket_keys: {pipe}")):
        code, out = judged(tmp_path, origin, c, k, more)
        assert code == 1 and "t.yaml:3:" in out and "cannot be read" in out, out
    path.write_text(conf('  - {address: "127.0.0.1:0"}', f'https://127.0.0.1:1", tls: {{ca: {pipe}}}, host: "keep'))
    code, out = check(path)
    assert code == 1 and "cannot be read: not a regular file" in out, out


def test_run_refuses_what_cannot_be_used(tmp_path, origin, ca):
    cert, _ = ca.issue("first.test", days=90)
    path = tmp_path / "t.yaml"
    path.write_text(conf(f'  - {{address: "127.0.0.1:0", tls: {{cert: {cert}, key: {tmp_path}/none}}}}', origin.url))
    t = Tacet("-c", path, ready=False)
    assert t.wait() == 78 and "t.yaml:3:" in t.stderr() and "cannot be read" in t.stderr()
