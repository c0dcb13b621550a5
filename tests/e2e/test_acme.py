"""Certificates by ACME, from pebble: both challenges, renewal, restart, failure, crashes, several processes."""
import os
import re
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import time

import pytest

from certificates import Authority
from harness import get, tacet_path, wait_until
from pebble import Pebble, free_port
from tls import TlsClient, context, tls_get

if not shutil.which("pebble"):
    pytest.skip("pebble is not installed: make setup", allow_module_level=True)

A, B = "a.example.test", "b.example.test"


class Ports:
    def __init__(self):
        self.http, self.tls = free_port(), free_port()


@pytest.fixture(scope="module")
def ports():
    return Ports()


@pytest.fixture(scope="module")
def pebble(tmp_path_factory, ports):
    it = Pebble(tmp_path_factory.mktemp("pebble"), ports.http, ports.tls, blocked=["blocked.example.test"])
    yield it
    it.close()


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state"


@pytest.fixture
def run(start, origin, pebble, ports, state):
    """The one-command form, for these names."""
    def begin(*names, directory=None, **kw):
        domains = [x for n in names or (A,) for x in ("--domain", n)]
        return start("--origin", origin.url, *domains, "--state", state, "--listen", f"127.0.0.1:{ports.tls}",
                     "--listen-http", f"127.0.0.1:{ports.http}", "--admin", "127.0.0.1:0", "--acme-directory", directory or pebble.url,
                     "--acme-ca", pebble.ca.pem, listen=False, **kw)
    return begin


@pytest.fixture
def configured(start, origin, pebble, ports, state, tmp_path):
    """The same with a file; more: members of the acme block."""
    def begin(more="", names=f"[{A}]", http=None, tls=None, **kw):
        conf = tmp_path / "tacet.yaml"
        conf.write_text(f"""
version: 1
state: {state}
listen:
  - {{address: "127.0.0.1:{http if http is not None else ports.http}", redirect: https}}
  - address: "127.0.0.1:{tls if tls is not None else ports.tls}"
    tls: {{acme: {{domains: {names}, directory: "{pebble.url}", ca: {pebble.ca.pem}, agree: true{more}}}}}
admin: {{address: "127.0.0.1:0"}}
sites: [{{hosts: [{A}], origin: {{url: "{origin.url}"}}}}]
""")
        return start("-c", conf, listen=False, **kw)
    return begin


def orders(proxy, result="issued"):
    return proxy.metrics().get(("tacet_acme_orders_total", frozenset({("result", result)})), 0)


def issued(proxy, n=1):
    wait_until(lambda: orders(proxy) >= n or failure(proxy), f"{n} certificates")
    assert not failure(proxy), failure(proxy)
    wait_until(lambda: any(line.startswith("certificate taken") for line in proxy.lines), "the certificate is taken up")


def failure(proxy):
    said = [line for line in proxy.lines if "ACME" in line]
    return said[0] if said else None


def failed(proxy, result):
    """The line that says why, which comes after it is counted."""
    said = wait_until(lambda: failure(proxy), "a failure")
    assert orders(proxy, result) == 1, said
    return said


def is_served(proxy, pebble, ports, *names):
    for name in names:
        with TlsClient(ports.tls, name, ctx=context(pebble.root())) as c:  # verified, and for this name
            assert c.get("/").status in (200, 404)


def serial(port, name=A):
    with TlsClient(port, name) as c:
        return c.certificate


def key_mode(state, name=A):
    return stat.S_IMODE(os.stat(state / "acme" / name / "key.pem").st_mode)


def only_whole_files(state, name=A):
    """Nothing of a pair but the pair."""
    assert set(os.listdir(state / "acme" / name)) <= {"cert.pem", "key.pem"}


# ---- the usual way --------------------------------------------------------------------------------------

def test_one_command(run, pebble, ports, state, origin):
    origin.on("/x", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    proxy = run(A, B)
    first = serial(ports.tls)  # it does not wait for the network: something is served at once
    issued(proxy)
    is_served(proxy, pebble, ports, A, B)
    assert serial(ports.tls) != first
    assert tls_get(ports.tls, "/x", host=A, ctx=context(pebble.root())).text == "ok"
    res = get(ports.http, "/x?y=1", host=A)
    assert res.status == 308 and res.get("Location") == f"https://{A}/x?y=1"
    assert key_mode(state) == 0o600 and not [f for f in os.listdir(state / "acme") if f.endswith(".new")]
    accounts = [f for f in os.listdir(state / "acme") if f.startswith("account-")]
    assert len(accounts) == 1 and stat.S_IMODE(os.stat(state / "acme" / accounts[0]).st_mode) == 0o600
    only_whole_files(state)
    said = "\n".join(proxy.lines) + proxy.stderr()
    assert "PRIVATE" not in said and f"certificate issued: {A}, good until 20" in said


@pytest.mark.parametrize("challenge", ["http-01", "tls-alpn-01"])
def test_each_challenge(configured, pebble, ports, state, challenge):
    proxy = configured(f", challenge: [{challenge}]", names=f"[{A}, {B}]")
    issued(proxy)
    is_served(proxy, pebble, ports, A)
    assert orders(proxy) == 1


def test_challenges_are_gone_afterwards(configured, pebble, ports, origin):
    """The path belongs to whom it belonged to before, and acme-tls/1 is nothing that we speak."""
    proxy = configured()
    issued(proxy)
    origin.on("/.well-known/acme-challenge/abc", b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\norigin")
    assert get(ports.http, "/.well-known/acme-challenge/abc", host=A).text == "origin"
    with pytest.raises(ssl.SSLError):
        TlsClient(ports.tls, A, ctx=context(alpn=("acme-tls/1",)))
    assert tls_get(ports.tls, host=A).status in (200, 404)


def test_visitors_during_the_challenge(run, ports, origin, pebble):
    origin.on("/page", b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npage")
    proxy = run()
    while not orders(proxy):
        assert tls_get(ports.tls, "/page", host=A).text == "page"
        assert get(ports.http, "/page", host=A).status == 308
        assert not failure(proxy)
    assert tls_get(ports.tls, "/page", host=A).text == "page"


# ---- again ----------------------------------------------------------------------------------------------

def test_a_restart_asks_nobody(run, pebble, ports, state):
    proxy = run()
    issued(proxy)
    before, cert = pebble.orders(), serial(ports.tls)
    proxy.stop()
    proxy = run(directory="https://localhost:1/nobody")
    assert serial(ports.tls) == cert
    wait_until(lambda: proxy.metrics(), "it runs")
    time.sleep(0.5)  # the first look comes after 0.2 s
    assert serial(ports.tls) == cert and not failure(proxy) and pebble.orders() == before
    is_served(proxy, pebble, ports, A)


def stored(state, tmp_path, start, end):
    """A pair in the state directory with these days."""
    ca = Authority(tmp_path / "another-ca")
    cert, key = ca.issue(A, start=start, end=end)
    os.makedirs(state / "acme" / A, mode=0o700)
    shutil.copy(cert, state / "acme" / A / "cert.pem")
    shutil.copy(key, state / "acme" / A / "key.pem")
    os.chmod(state / "acme" / A / "key.pem", 0o600)


def utc(days):
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + 86400 * days))


@pytest.mark.parametrize("left", [29, -1], ids=["due", "expired"])
def test_renewal(run, pebble, ports, state, tmp_path, left):
    """Of 90 days less than a third is left, or nothing: it is renewed while the old one is served."""
    stored(state, tmp_path, utc(left - 90), utc(left))
    proxy = run()
    old = ssl.PEM_cert_to_DER_cert((state / "acme" / A / "cert.pem").read_text()) if not orders(proxy) else None
    if old:
        with TlsClient(ports.tls, A) as c:
            assert c.certificate == old or orders(proxy)
    issued(proxy)
    is_served(proxy, pebble, ports, A)
    only_whole_files(state)


def test_not_due(run, pebble, ports, state, tmp_path):
    stored(state, tmp_path, utc(-58), utc(32.5))
    before = pebble.orders()
    proxy = run()
    old = ssl.PEM_cert_to_DER_cert((state / "acme" / A / "cert.pem").read_text())
    time.sleep(0.5)
    assert serial(ports.tls) == old and pebble.orders() == before and orders(proxy) == 0


def test_another_name_is_another_certificate(configured, pebble, ports, state, tmp_path):
    proxy = configured()
    issued(proxy)
    conf = tmp_path / "tacet.yaml"
    conf.write_text(conf.read_text().replace(f"domains: [{A}]", f"domains: [{A}, {B}]").replace(f"hosts: [{A}]", f"hosts: [{A}, {B}]"))
    proxy.reload()
    wait_until(lambda: orders(proxy) == 2 or failure(proxy), "the second certificate")
    wait_until(lambda: sum(line.startswith("certificate taken") for line in proxy.lines) >= 2, "it is taken up")
    is_served(proxy, pebble, ports, A, B)
    assert len([f for f in os.listdir(state / "acme") if f.startswith("account-")]) == 1, "the account is the same"


# ---- failure --------------------------------------------------------------------------------------------

def later(state, name=A):
    """(failures in a row, when to try again)"""
    try:
        parts = (state / "acme" / name / "later").read_text().split()
        return int(parts[1]), int(parts[2])
    except FileNotFoundError:
        return None


def test_nobody_there(run, ports, state):
    proxy = run(directory=f"https://localhost:{free_port()}/dir")
    failed(proxy, "unreachable")
    assert "next try in 1 minutes" in failure(proxy)
    failures, at = later(state)
    assert failures == 1 and 50 <= at - time.time() <= 60
    assert tls_get(ports.tls, host=A).status in (200, 404), "visitors are served nevertheless"
    proxy.reload()
    wait_until(lambda: any(line.startswith("reloaded") for line in proxy.lines), "the reload")
    time.sleep(0.5)
    assert orders(proxy, "unreachable") == 1, "a reload is no reason to ask again"


def test_failures_add_up_over_restarts(run, ports, state):
    directory = f"https://localhost:{free_port()}/dir"
    proxy = run(directory=directory)
    failed(proxy, "unreachable")
    proxy.stop()
    proxy = run(directory=directory)
    time.sleep(0.5)
    assert orders(proxy, "unreachable") == 0, "it is not time yet"
    proxy.stop()
    path = state / "acme" / A / "later"
    path.write_text(re.sub(r" 1 \d+", f" 6 {int(time.time()) - 1}", path.read_text()))
    proxy = run(directory=directory)
    failed(proxy, "unreachable")
    failures, at = later(state)
    assert failures == 7 and 64 * 60 - 10 <= at - time.time() <= 64 * 60


def test_an_authority_that_is_not_trusted(run, pebble, ports, state, tmp_path, start, origin):
    other = Authority(tmp_path / "other")
    proxy = start("--origin", origin.url, "--domain", A, "--state", state, "--listen", "127.0.0.1:0", "--listen-http", "127.0.0.1:0",
                  "--admin", "127.0.0.1:0", "--acme-directory", pebble.url, "--acme-ca", other.pem, listen=False)
    failed(proxy, "unreachable")
    assert "certificate" in failure(proxy)


def test_the_authority_says_no(run, ports, state):
    proxy = run("blocked.example.test")
    failed(proxy, "refused")
    assert "new order: rejectedIdentifier" in failure(proxy)
    assert later(state, "blocked.example.test")[0] == 1


def test_a_name_that_is_not_proven(configured, pebble, state):
    """The authority looks at ports where we are not."""
    proxy = configured(http=0, tls=0)
    failed(proxy, "not_proven")
    assert re.search(rf"{A}: (connection|unauthorized|tls): ", failure(proxy)), failure(proxy)
    assert later(state)[0] == 1 and not os.path.exists(state / "acme" / A / "cert.pem")


def test_the_other_challenge_after_a_failure(configured, pebble, ports, state):
    proxy = configured(tls=0)  # http-01 would do, tls-alpn-01 does not
    failed(proxy, "not_proven")
    proxy.stop()
    path = state / "acme" / A / "later"
    path.write_text(re.sub(r" 1 \d+", " 1 1", path.read_text()))
    proxy = configured(tls=0)
    wait_until(lambda: orders(proxy) == 1 or failure(proxy), "a certificate")
    assert not failure(proxy) and later(state) is None


def test_a_state_directory_that_cannot_be_used(run, state):
    os.makedirs(state)
    (state / "acme").write_text("a file")
    proxy = run()
    failed(proxy, "state")
    assert "state directory" in failure(proxy)


# ---- crashes, and others ----------------------------------------------------------------------------

def test_killed_at_any_time(run, ports, pebble, state):
    """Whenever the process ends, the next one starts, and gets its certificate in the end."""
    for moment in (0.0, 0.3, 0.7, 1.0, 1.3, 1.6):
        proxy = run()
        time.sleep(moment)
        proxy.signal(signal.SIGKILL)
        proxy.proc.wait(20)
        acme = state / "acme"
        for name in os.listdir(acme) if acme.exists() else []:
            if name.startswith("account-") and name.endswith(".pem"):
                assert b"END PRIVATE KEY" in (acme / name).read_bytes()
        for name, mark in (("cert.pem", b"END CERTIFICATE"), ("key.pem", b"END PRIVATE KEY")):
            if (acme / A / name).exists():
                assert mark in (acme / A / name).read_bytes()
    proxy = run()
    wait_until(lambda: (state / "acme" / A / "key.pem").exists() or failure(proxy), "a certificate")
    assert not failure(proxy)

    def verified():
        try:
            is_served(proxy, pebble, ports, A)
            return True
        except ssl.SSLError:
            return False
    wait_until(verified, "the certificate is served")
    assert key_mode(state) == 0o600


def test_half_of_a_pair_is_mended(run, ports, pebble, state):
    proxy = run()
    issued(proxy)
    cert = serial(ports.tls)
    proxy.stop()
    folder = state / "acme" / A
    os.rename(folder / "key.pem", folder / "key.pem.new")
    (folder / "key.pem").write_text("the key before")
    before = pebble.orders()
    proxy = run()
    assert serial(ports.tls) == cert, "from the first connection on"
    assert pebble.orders() == before


def test_two_processes_ask_once(start, origin, pebble, ports, state):
    """They share a state directory: one orders, the other takes up what it finds."""
    def begin(tls, http):
        return start("--origin", origin.url, "--domain", A, "--state", state, "--listen", f"127.0.0.1:{tls}", "--listen-http", f"127.0.0.1:{http}",
                     "--admin", "127.0.0.1:0", "--acme-directory", pebble.url, "--acme-ca", pebble.ca.pem, listen=False)
    before = pebble.orders()
    one = begin(ports.tls, ports.http)
    two = begin(0, 0)  # where the authority would not find it
    issued(one)
    wait_until(lambda: any(line.startswith("certificate taken") for line in two.lines), "the other takes it up")
    assert serial(ports.tls) == serial(two.addresses["https"][0][1])
    assert pebble.orders() == before + 1 and orders(two) == 0 and not failure(two)


def test_stopping_does_not_wait(run, state, tmp_path):
    """A server that never answers keeps nobody."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        proxy = run(directory=f"https://localhost:{silent.getsockname()[1]}/dir")
        silent.settimeout(20)
        with silent.accept()[0]:
            began = time.monotonic()
            proxy.stop()
            assert time.monotonic() - began < 8
    assert later(state) is None, "that we ended is no failure"


# ---- what check says --------------------------------------------------------------------------------

def check(conf, *args):
    return subprocess.run([tacet_path(), "check", "--offline", *args, "-c", str(conf)], capture_output=True, text=True, timeout=60)


def check_all(conf):
    return subprocess.run([tacet_path(), "check", "-c", str(conf)], capture_output=True, text=True, timeout=60)


BAD = [("domains: []", "no names"), ("domains: ['*.example.com']", "wildcards"), ("domains: [10.0.0.1]", "no name to get"),
       ("domains: [a.example, A.example]", "twice"), ("domains: ['a/../b']", "no name to get"), ("domains: ['..']", "no name to get"),
       ("domains: [a.example], directory: 'http://ca.example/dir'", "https"), ("domains: [a.example], directory: 'https://u@ca.example/dir'", "https"),
       ("domains: [a.example], contact: [ops@example.com]", "mailto:"), ("domains: [a.example], challenge: []", "challenge"),
       ("domains: [a.example], challenge: [dns-01]", "dns-01"), ("agree: true", "domains")]


@pytest.mark.parametrize("block, says", BAD, ids=range(len(BAD)))
def test_check_refuses(tmp_path, block, says):
    conf = tmp_path / "t.yaml"
    conf.write_text(f"version: 1\nstate: {tmp_path}\nlisten: [{{address: '127.0.0.1:1', tls: {{acme: {{{block}, agree: true}}}}}}]\n"
                    .replace("agree: true, agree: true", "agree: true") + "sites: [{hosts: ['*'], origin: {url: 'http://127.0.0.1:1'}}]\n")
    ran = check(conf)
    assert ran.returncode == 78 and says in ran.stdout + ran.stderr, ran


def test_check_wants_consent_and_a_state(tmp_path, monkeypatch):
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    conf = tmp_path / "t.yaml"
    conf.write_text("version: 1\nlisten: [{address: '127.0.0.1:1', tls: {acme: {domains: [a.example]}}}]\n"
                    "sites: [{hosts: ['*'], origin: {url: 'http://127.0.0.1:1'}}]\n")
    ran = check(conf)
    assert ran.returncode == 78 and "agree: true" in ran.stdout + ran.stderr and "STATE_DIRECTORY" in ran.stdout + ran.stderr
    ran = subprocess.run([tacet_path(), "run", "--origin", "http://127.0.0.1:1", "--domain", "a.example"], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 78 and "STATE_DIRECTORY" in ran.stdout + ran.stderr


def test_one_directory_one_certificate(tmp_path):
    conf = tmp_path / "t.yaml"
    acme = "tls: {acme: {domains: [%s], agree: true}}"
    conf.write_text(f"version: 1\nstate: {tmp_path}\nlisten:\n  - {{address: '127.0.0.1:1', {acme % 'a.example'}}}\n"
                    f"  - {{address: '127.0.0.1:2', {acme % 'a.example, b.example'}}}\nsites: [{{hosts: ['*'], origin: {{url: 'http://127.0.0.1:1'}}}}]\n")
    ran = check(conf)
    assert ran.returncode == 78 and "begins with a.example" in ran.stdout + ran.stderr
    conf.write_text(conf.read_text().replace(", b.example", ""))
    assert check(conf).returncode == 0


def test_check_tells_how_it_stands(tmp_path, origin):
    state = tmp_path / "state"
    conf = tmp_path / "t.yaml"
    state.mkdir()
    conf.write_text(f"version: 1\nstate: {state}\nlisten: [{{address: '127.0.0.1:{free_port()}', tls: {{acme: {{domains: [{A}], agree: true}}}}}}]\n"
                    f"admin: {{address: '127.0.0.1:{free_port()}'}}\nsites: [{{hosts: ['*'], origin: {{url: '{origin.url}'}}}}]\n")
    assert f"there is no certificate of {A} yet" in (check_all(conf).stdout + check_all(conf).stderr)
    stored(state, tmp_path, utc(-80), utc(9.5))
    assert "expires in 9 days" in check_all(conf).stdout + check_all(conf).stderr
    shutil.rmtree(state / "acme")
    stored(state, tmp_path / "x", utc(-10), utc(80))
    ran = check_all(conf)
    assert "certificate of" not in ran.stdout + ran.stderr


@pytest.mark.parametrize("args", [("-c", "x.yaml", "--domain", A), ("--origin", "http://127.0.0.1:1", "--acme-directory", "https://x/"),
                                  ("--origin", "http://127.0.0.1:1", "--listen-http", "127.0.0.1:0")])
def test_flags_that_do_not_go_together(args):
    ran = subprocess.run([tacet_path(), "run", *args], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 2 and "--domain" in ran.stderr
