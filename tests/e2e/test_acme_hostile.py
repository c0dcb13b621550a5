"""ACME servers that are broken or mean: what they say is refused, bounded and printable, and visitors are served all the while."""
import json
import time

import pytest

from certificates import Authority, TlsServer, read_request
from harness import wait_until
from tls import tls_get

A = "a.example.test"
ESC = "\x1b[31m\r\nX: y\u202e" + "long" * 500


class Fake:
    """A server that agrees to everything at once; `say` replaces what stands at a path: bytes, or a function of the request."""

    def __init__(self, ca, say):
        self.say, self.asked = say, []
        self.server = TlsServer(ca.context("localhost"), self.serve)
        self.base = f"https://localhost:{self.server.port}"

    def usual(self, path):
        objects = {
            "/dir": {"newNonce": self.base + "/nonce", "newAccount": self.base + "/account", "newOrder": self.base + "/new"},
            "/account": {"status": "valid"},
            "/new": {"status": "pending", "finalize": self.base + "/finalize", "authorizations": [self.base + "/authz"]},
            "/authz": {"status": "valid", "identifier": {"type": "dns", "value": A}, "challenges": []},
            "/order": {"status": "ready", "finalize": self.base + "/finalize", "authorizations": [self.base + "/authz"]},
            "/finalize": {"status": "valid", "finalize": self.base + "/finalize", "certificate": self.base + "/cert"},
        }
        location = {"/account": "/acct/1", "/new": "/order"}.get(path)
        return json_answer(objects.get(path, {}), Location=self.base + location if location else None)

    def serve(self, tls):
        head, body = read_request(tls)
        path = head.split(b" ")[1].decode()
        self.asked.append(path)
        said = self.say.get(path)
        said = said(self) if callable(said) else said
        tls.sendall(said if said is not None else self.usual(path))
        tls.unwrap()


def raw(status=200, body=b"", **fields):
    fields = {"Replay_Nonce": "abc", "Content_Length": str(len(body)), **fields}
    lines = "".join(f"{k.replace('_', '-')}: {v}\r\n" for k, v in fields.items() if v is not None)
    return f"HTTP/1.1 {status} Said\r\n{lines}\r\n".encode() + body


def json_answer(value, status=200, **fields):
    return raw(status, json.dumps(value).encode(), **{"Content_Type": "application/json", **fields})


def problem(name, status=400, detail="words", **fields):
    return raw(status, json.dumps({"type": f"urn:ietf:params:acme:error:{name}", "detail": detail}).encode(), Content_Type="application/problem+json", **fields)


def links(**changes):
    """A directory with other links."""
    return lambda fake: json_answer({"newNonce": fake.base + "/nonce", "newAccount": fake.base + "/account", "newOrder": fake.base + "/new", **changes})


def order(**changes):
    return lambda fake: json_answer({"status": "pending", "finalize": fake.base + "/finalize", "authorizations": [fake.base + "/authz"], **changes},
                                    Location=fake.base + "/order")


def authz(**changes):
    return json_answer({"status": "valid", "identifier": {"type": "dns", "value": A}, "challenges": [], **changes})


def pem(text, type_="application/pem-certificate-chain"):
    return raw(200, text.encode(), Content_Type=type_)


HTML = b"<!doctype html><title>Welcome</title>" + b"<p>" * 100
CASES = {
    "a page": ({"/dir": raw(200, HTML, Content_Type="text/html")}, "garbled"),
    "a page that says it is json": ({"/dir": raw(200, HTML, Content_Type="application/json")}, "garbled"),
    "json that says it is a page": ({"/dir": lambda f: f.usual("/dir").replace(b"application/json", b"text/html")}, "garbled"),
    "truncated json": ({"/dir": raw(200, b'{"newNonce":"https://', Content_Type="application/json")}, "garbled"),
    "a cut answer": ({"/dir": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"}, "unreachable"),
    "a huge answer": ({"/dir": raw(200, b" " * (2 << 20), Content_Type="application/json")}, "unreachable"),
    "deep json": ({"/dir": raw(200, b"[" * 200000, Content_Type="application/json")}, "garbled"),
    "nothing": ({"/dir": raw(200, b"", Content_Type="application/json")}, "garbled"),
    "no http": ({"/dir": b"220 mail.example ESMTP\r\n"}, "unreachable"),
    "a redirect to itself": ({"/dir": lambda f: raw(302, b"", Location=f.base + "/dir")}, "garbled"),
    "a redirect elsewhere": ({"/dir": raw(301, b"", Location="http://127.0.0.1:1/")}, "garbled"),
    "an error": ({"/dir": raw(503, b"", Retry_After="7200")}, "unreachable"),
    "links to another host": ({"/dir": links(newOrder="https://other.example/new")}, "garbled"),
    "links without tls": ({"/dir": links(newAccount="http://localhost/account")}, "garbled"),
    "links with lines": ({"/dir": lambda f: links(newNonce=f.base + "/x HTTP/1.1\r\nX: y")(f)}, "garbled"),
    "links into a name": ({"/dir": lambda f: links(newNonce=f.base + ".evil.example/x")(f)}, "garbled"),
    "no nonce": ({"/nonce": raw(200, b"", Replay_Nonce=None), "/dir": lambda f: f.usual("/dir").replace(b"Replay-Nonce: abc\r\n", b"")}, "garbled"),
    "a bad nonce": ({"/nonce": raw(200, b"", Replay_Nonce='a"b'), "/dir": lambda f: f.usual("/dir").replace(b"abc", b'a"c')}, "garbled"),
    "no nonce is good": ({"/account": problem("badNonce")}, "refused"),
    "no account": ({"/account": json_answer({"status": "valid"})}, "garbled"),
    "an account elsewhere": ({"/account": json_answer({}, Location="https://other.example/acct")}, "garbled"),
    "a problem with control bytes": ({"/account": problem("userActionRequired", 403, ESC)}, "refused"),
    "a problem of a new kind": ({"/account": problem("\x1b[2J", 403, ESC)}, "refused"),
    "external accounts only": ({"/account": problem("externalAccountRequired", 403)}, "refused"),
    "a problem that is no json": ({"/account": raw(403, HTML, Content_Type="application/problem+json")}, "garbled"),
    "too often": ({"/new": problem("rateLimited", 429, Retry_After="7200")}, "rate_limited"),
    "an order elsewhere": ({"/new": order(finalize="https://other.example/f")}, "garbled"),
    "an order of strangers": ({"/new": order(authorizations=["https://other.example/z"])}, "garbled"),
    "an order without an address": ({"/new": lambda f: json_answer({"status": "pending", "finalize": f.base + "/finalize", "authorizations": []})}, "garbled"),
    "an order that is a page": ({"/new": raw(201, HTML, Content_Type="text/html")}, "garbled"),
    "an order without end": ({"/order": lambda f: json_answer({"status": "processing", "finalize": f.base + "/finalize"}, Retry_After="999999")}, "too_slow"),
    "another name": ({"/authz": authz(identifier={"type": "dns", "value": "other.example"})}, "garbled"),
    "a wildcard": ({"/authz": authz(wildcard=True)}, "garbled"),
    "no challenge that we can take": ({"/authz": authz(status="pending")}, "not_proven"),
    "a path for a token": ({"/authz": lambda f: authz(status="pending", challenges=[{"type": "http-01", "url": f.base + "/c", "token": "../../x"}])}, "not_proven"),
    "a name that was refused": ({"/authz": authz(status="invalid", challenges=[{"type": "http-01", "error": {
        "type": "urn:ietf:params:acme:error:dns", "detail": ESC}}])}, "not_proven"),
    "no certificate": ({"/finalize": lambda f: json_answer({"status": "valid", "finalize": f.base + "/finalize"})}, "garbled"),
    "a page for a certificate": ({"/cert": pem(HTML.decode(), "text/html")}, "garbled"),
    "garbage for a certificate": ({"/cert": pem("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")}, "garbled"),
    "nothing for a certificate": ({"/cert": pem("")}, "garbled"),
}


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def against(start, origin, ca, tmp_path):
    fakes = []

    def begin(say):
        fake = Fake(ca, say)
        fakes.append(fake)
        proxy = start("--origin", origin.url, "--domain", A, "--state", tmp_path / "state", "--listen", "127.0.0.1:0", "--listen-http", "127.0.0.1:0",
                      "--admin", "127.0.0.1:0", "--acme-directory", fake.base + "/dir", "--acme-ca", ca.pem, listen=False)
        return proxy, fake

    yield begin
    for fake in fakes:
        fake.server.close()


def results(proxy):
    return {dict(labels)["result"]: value for (name, labels), value in proxy.metrics().items() if name == "tacet_acme_orders_total" and value}


def failures(proxy):
    """The lines that say what an order came to, which come after it is counted."""
    return wait_until(lambda: [line for line in proxy.lines if "ACME" in line], "the order has come to something")


@pytest.mark.parametrize("case", CASES)
def test_what_a_server_says(against, tmp_path, case):
    say, result = CASES[case]
    proxy, fake = against(say)
    line, = failures(proxy)
    assert results(proxy) == {result: 1}, line
    assert all(" " <= c <= "~" for c in line) and len(line) < 600 and f"certificate {A}: " in line
    assert len(fake.asked) <= 30, fake.asked
    assert tls_get(proxy.addresses["https"][0][1], host=A).status in (200, 404)
    folder = tmp_path / "state" / "acme" / A
    assert [f.name for f in folder.iterdir()] == ["later"]


def test_a_certificate_for_another_key(against, ca, tmp_path):
    cert, _ = ca.issue(A)
    with open(cert) as f:
        proxy, _ = against({"/cert": pem(f.read())})
    assert "for another key" in failures(proxy)[0] and results(proxy) == {"garbled": 1}


def test_the_server_says_how_long(against, tmp_path):
    """Longer than our own minute: kept, and said."""
    proxy, _ = against({"/new": problem("rateLimited", 429, Retry_After="7200")})
    assert "rateLimited: words; next try in 120 minutes" in failures(proxy)[0]
    n, at = (tmp_path / "state" / "acme" / A / "later").read_text().split()[1:]
    assert n == "1" and 7100 < int(at) - time.time() <= 7200


def test_a_reused_order_goes_on(against):
    """That all is proven already is no fault: the request follows at once."""
    proxy, fake = against({"/new": lambda f: json_answer({"status": "ready", "finalize": f.base + "/finalize", "authorizations": [f.base + "/authz"]},
                                                         Location=f.base + "/order")})
    failures(proxy)
    assert "/authz" not in fake.asked and "/cert" in fake.asked
