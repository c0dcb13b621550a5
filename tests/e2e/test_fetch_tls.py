"""The client of `tacet audit` (and of ACME) over TLS: whom it trusts, what it takes for an answer, and when it gives up."""
import ssl

import pytest

from certificates import Authority, TlsServer, cut, read_request
from harness import answer
from test_audit import audit, report

PAGE = b"<!doctype html><title>Shop</title><script src='https://www.google-analytics.com/analytics.js'></script><p>text"
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s" % (len(PAGE), PAGE)
TO_END = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + PAGE
CHUNKS = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n" % (len(PAGE), PAGE)


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def local(ca):
    """A certificate for what everybody calls this machine."""
    return lambda: ca.context("localhost", "IP:127.0.0.1")


def says(text, end=lambda tls: tls.unwrap()):
    def serve(tls):
        read_request(tls)
        tls.sendall(text)
        end(tls)
    return serve


def fails(*args, status=1):
    return audit(*args, status=status).stderr.decode()


def test_a_page_over_tls(ca, local):
    heads = []

    def serve(tls):
        heads.append(read_request(tls)[0])
        tls.sendall(WHOLE)
        tls.unwrap()

    with TlsServer(local(), serve) as server:
        found = report(f"https://localhost:{server.port}/shop?x=1", "--cacert", ca.pem, status=1)
        assert found["trackers"] == 1 and found["site"] == "localhost"
        assert server.names == ["localhost"], "the server is told which name is asked for"
        assert report(f"https://127.0.0.1:{server.port}/", "--cacert", ca.pem, status=1)["trackers"] == 1
        assert server.names == ["localhost", None], "an address is no name to ask for"
    lines = heads[0].decode().split("\r\n")
    assert lines[0] == "GET /shop?x=1 HTTP/1.1" and f"Host: localhost:{server.port}" in lines and "Sec-GPC: 1" in lines


def test_redirects_between_both(ca, local, origin):
    with TlsServer(local(), says(WHOLE)) as server:
        origin.on("/tls", answer("", {"Location": f"https://localhost:{server.port}/"}, status="301 Moved"))
        assert report(f"http://127.0.0.1:{origin.port}/tls", "--cacert", ca.pem, status=1)["trackers"] == 1


def test_relative_redirects_stay_secure(ca, local):
    seen = []

    def serve(tls):
        target = read_request(tls)[0].split(b" ")[1]
        seen.append(target)
        if target == b"/end":
            tls.sendall(WHOLE)
        else:
            to = b"/end" if target == b"/a" else b"//localhost:%d/a" % server.port
            tls.sendall(b"HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % to)
        tls.unwrap()

    with TlsServer(local(), serve) as server:
        assert report(f"https://localhost:{server.port}/", "--cacert", ca.pem, status=1)["trackers"] == 1
    assert seen == [b"/", b"/a", b"/end"]


# ---- whom it trusts ---------------------------------------------------------------------------------

def test_an_authority_that_nobody_knows(ca, local):
    asked = []
    with TlsServer(local(), lambda tls: asked.append(read_request(tls))) as server:
        assert "certificate" in fails(f"https://localhost:{server.port}/")
    assert not [head for head, _ in asked if head], "nothing is said to whom we do not trust"


@pytest.mark.parametrize("names", [["www.other.example"], ["*.localhost"], ["IP:127.0.0.2"], ["localhost.example"], ["l*"]], ids=" ".join)
def test_a_certificate_of_another(ca, names):
    with TlsServer(ca.context(*names), says(WHOLE)) as server:
        assert "mismatch" in fails(f"https://localhost:{server.port}/", "--cacert", ca.pem)


def test_a_name_is_no_address(ca):
    with TlsServer(ca.context("localhost"), says(WHOLE)) as server:
        assert "mismatch" in fails(f"https://127.0.0.1:{server.port}/", "--cacert", ca.pem)


def test_an_old_certificate(ca):
    with TlsServer(ca.context("localhost", start="20200101000000Z", end="20200201000000Z"), says(WHOLE)) as server:
        assert "expired" in fails(f"https://localhost:{server.port}/", "--cacert", ca.pem)


def test_another_authority(ca, local, tmp_path):
    other = Authority(tmp_path, "Another Authority")
    with TlsServer(local(), says(WHOLE)) as server:
        assert "certificate" in fails(f"https://localhost:{server.port}/", "--cacert", other.pem)


@pytest.mark.parametrize("content", [None, b"", b"no certificate\n"])
def test_no_file_of_authorities(local, tmp_path, content):
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with TlsServer(local(), says(WHOLE)) as server:
        assert "trusted certificates" in fails(f"https://localhost:{server.port}/", "--cacert", path)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_old_versions_are_not_spoken(ca, local):
    context = local()
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with TlsServer(context, says(WHOLE)) as server:
        assert "URL: " in fails(f"https://localhost:{server.port}/", "--cacert", ca.pem)
    assert server.failed


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_versions_that_are(ca, local, version):
    context = local()
    context.minimum_version = context.maximum_version = version
    with TlsServer(context, says(WHOLE)) as server:
        assert report(f"https://localhost:{server.port}/", "--cacert", ca.pem, status=1)["trackers"] == 1


# ---- what is an answer ------------------------------------------------------------------------------

@pytest.mark.parametrize("text", [WHOLE, CHUNKS + b"0\r\n\r\n"], ids=["length", "chunked"])
@pytest.mark.parametrize("end", [cut, lambda tls: tls.unwrap()], ids=["cut", "ended"])
def test_a_whole_answer_needs_no_end(ca, local, text, end):
    with TlsServer(local(), says(text, end)) as server:
        assert report(f"https://localhost:{server.port}/", "--cacert", ca.pem, status=1)["trackers"] == 1


def test_an_answer_up_to_the_end(ca, local):
    with TlsServer(local(), says(TO_END)) as server:
        assert report(f"https://localhost:{server.port}/", "--cacert", ca.pem, status=1)["trackers"] == 1


@pytest.mark.parametrize("text", [TO_END, WHOLE[:-1], CHUNKS, b"HTTP/1.1 200 OK\r\n", b"", b"nonsense\r\n\r\n"],
                         ids=["to the end", "length", "chunked", "head", "nothing", "nonsense"])
def test_a_cut_answer_is_none(ca, local, text):
    with TlsServer(local(), says(text, cut)) as server:
        ran = audit(f"https://localhost:{server.port}/", "--cacert", ca.pem, status=1)
        assert ran.stdout == b"" and b"URL: " in ran.stderr


@pytest.mark.parametrize("text", [WHOLE[:-1], CHUNKS, b"HTTP/1.1 200 OK\r\n"], ids=["length", "chunked", "head"])
def test_an_early_end_is_none(ca, local, text):
    with TlsServer(local(), says(text)) as server:
        ran = audit(f"https://localhost:{server.port}/", "--cacert", ca.pem, status=1)
        assert ran.stdout == b"" and b"not all of it came" in ran.stderr


def test_a_large_answer_in_small_records(ca, local):
    filler = b"<p>" + b"x" * 997
    body = PAGE + filler * 2000

    def serve(tls):
        read_request(tls)
        tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(body))
        for at in range(0, len(body), 5000):
            tls.sendall(body[at:at + 5000])
        tls.unwrap()

    with TlsServer(local(), serve) as server:
        assert report(f"https://localhost:{server.port}/", "--cacert", ca.pem, status=1)["trackers"] == 1


def test_no_tls_there(ca, fresh_origin):
    assert "URL: " in fails(f"https://127.0.0.1:{fresh_origin.port}/", "--cacert", ca.pem)
