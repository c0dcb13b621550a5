"""Fixtures of the end-to-end and browser tests. What they are made of is in harness.py."""
import os
import shutil
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402


def pytest_sessionstart(session):
    if not os.access(harness.tacet_path(), os.X_OK):
        pytest.exit(f"{harness.tacet_path()} is not there: run make", returncode=3)


@pytest.fixture
def start():
    """start('--origin', url, ...): a proxy of this test alone, ended with exit status 0 checked."""
    started = []

    def begin(*args, listen=True, **kw):
        ports = ("--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0") if listen else ()
        proxy = harness.Tacet(*args, *ports, **kw)
        started.append(proxy)
        return proxy

    yield begin
    failures = []
    for proxy in started:
        if proxy.proc.returncode is None:
            try:
                proxy.stop()
            except AssertionError as why:
                failures.append(str(why))
    assert not failures, failures


@pytest.fixture
def fresh_origin():
    """An origin of this test alone, which it may close."""
    origin = harness.Origin()
    yield origin
    origin.close()


@pytest.fixture(scope="module")
def origin():
    """A scripted origin for the tests of a module: each uses paths of its own."""
    origin = harness.Origin()
    yield origin
    origin.close()
    assert not origin.broken, f"the origin got requests it could not read: {origin.broken}"


def proxy_for(region):
    @pytest.fixture(scope="module")
    def proxy(origin):
        tacet = harness.Tacet("--origin", origin.url, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0",
                              *(["--region", region] if region else []))
        yield tacet
        tacet.stop()
    return proxy


# Where the visitor is assumed to be: no law that asks for consent (Texas), one that does (Germany), unknown.
texas = proxy_for("us-tx")
california = proxy_for("us-ca")
germany = proxy_for("de")
nowhere = proxy_for(None)


def pages():
    """The folder of real pages, or where that is absent of the demo's few."""
    real = os.path.join(harness.SHARED, "corpus", "pages")
    return real if os.path.isdir(real) else os.path.join(harness.ROOT, "proxy", "cli", "demo_site")


@pytest.fixture(scope="session")
def page_folder():
    return pages()


@pytest.fixture(scope="session")
def nginx_origin(tmp_path_factory, page_folder):
    """nginx serving the pages: plain on /, compressed on /gz/, without a length on /chunked/."""
    if not shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin"):
        pytest.skip("nginx is not installed: run 'make setup'")
    server = harness.Nginx(
        tmp_path_factory.mktemp("nginx"), page_folder,
        extra=f"""location /gz/ {{ alias "{page_folder}/"; gzip on; gzip_types *; gzip_min_length 1; gzip_proxied any;
                  gzip_http_version 1.0; }}
                  location /chunked/ {{ alias "{page_folder}/"; ssi on; ssi_silent_errors on; ssi_types *; }}""")
    yield server
    server.stop()
