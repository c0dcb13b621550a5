"""What keeps visitors on https: HSTS, and that certificates can be had while everything else redirects."""
import pytest

from certificates import Authority
from harness import Client, Origin, Tacet, answer
from tls import TlsClient, context

HOST = "www.example.test"

CONF = """
version: 1
listen:
  - {{address: "127.0.0.1:0", tls: {{cert: {cert}, key: {key}}}}}
  - {{address: "127.0.0.1:0"}}
  - {{address: "127.0.0.1:0", redirect: https}}
admin: {{address: "127.0.0.1:0"}}
sites:
  - hosts: [{host}]
    origin: {{url: "{origin}"}}
    hsts: 1 year
    acme_challenges: webroot
    response: {{set: {{X-Set: x}}}}
  - hosts: [other.test]
    origin: {{url: "{origin}"}}
rule_sets: {{light: {{}}}}
regions: [{{name: rest, where: ["*"], default: light, opted_out: light}}]
"""
YEAR = "max-age=31557600"


class World:
    pass


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    w, d = World(), tmp_path_factory.mktemp("only")
    w.origin, w.folder = Origin(), d
    cert, key = Authority(d / "ca").issue(HOST, "other.test")
    (d / "webroot").mkdir()
    w.origin.on("/weak", answer("x", {"Strict-Transport-Security": "max-age=1"}))
    (d / "t.yaml").write_text(CONF.format(cert=cert, key=key, host=HOST, origin=w.origin.url))
    w.tacet = Tacet("-c", d / "t.yaml")
    w.tls = w.tacet.addresses["https"][0][1]
    w.plain, w.redirecting = (p for _, p in w.tacet.addresses["http"])
    yield w
    w.tacet.stop()
    w.origin.close()


def by_tls(w, path, host=HOST, **kw):
    with TlsClient(w.tls, host, context()) as c:
        return c.get(path, **kw)


def by_http(port, path, host=HOST, **kw):
    with Client(port, host) as c:
        return c.get(path, **kw)


@pytest.mark.parametrize("path, status", [("/", 200), ("/weak", 200), ("/privacy-choices", 200), ("/.well-known/gpc.json", 200),
                                          ("/.well-known/tacet/none", 404), ("/.well-known/acme-challenge/none", 404)])
def test_hsts_on_https_alone(world, path, status):
    res = by_tls(world, path)
    assert res.status == status and res.all("Strict-Transport-Security") == [YEAR]
    assert not by_http(world.plain, path).has("Strict-Transport-Security")  # RFC 6797 7.2
    assert not by_http(world.redirecting, path).has("Strict-Transport-Security")


def test_without_hsts_the_origin_decides(world):
    assert by_tls(world, "/weak", "other.test").all("Strict-Transport-Security") == ["max-age=1"]
    assert not by_tls(world, "/", "other.test").has("Strict-Transport-Security")


def test_challenges_of_a_directory(world):
    (world.folder / "webroot" / "to-Ken_1").write_text("to-Ken_1.thumb")
    for ask in (lambda p, **kw: by_http(world.redirecting, p, **kw), lambda p, **kw: by_http(world.plain, p, **kw), lambda p, **kw: by_tls(world, p, **kw)):
        res = ask("/.well-known/acme-challenge/to-Ken_1")
        assert res.status == 200 and res.body == b"to-Ken_1.thumb" and res.get("Cache-Control") == "no-store"
        head = ask("/.well-known/acme-challenge/to-Ken_1", method="HEAD")
        assert head.status == 200 and head.get("Content-Length") == "14"
        assert ask("/.well-known/acme-challenge/to-Ken_1", method="POST").status == 405


@pytest.mark.parametrize("name", ["", ".", "..", "../t.yaml", "..%2ft.yaml", "%2e%2e/t.yaml", "folder", "large", "a.b", "x" * 200, "to%00Ken", "sub/x"])
def test_nothing_else_is_in_it(world, name):
    folder = world.folder / "webroot"
    (folder / "folder").mkdir(exist_ok=True)
    (folder / "large").write_bytes(b"x" * 5000)
    (folder / "a.b").write_text("no token")
    (folder / "sub").mkdir(exist_ok=True)
    (folder / "sub" / "x").write_text("deeper")
    before = len(world.origin.requests)
    res = by_http(world.redirecting, f"/.well-known/acme-challenge/{name}")
    assert res.status in (404, 400, 308) and b"version" not in res.body and b"deeper" not in res.body
    assert len(world.origin.requests) == before


def test_without_a_directory_the_origin_answers(world):
    world.origin.on("/.well-known/acme-challenge/abc", answer("abc.def", type=None))
    res = by_http(world.redirecting, "/.well-known/acme-challenge/abc", "other.test")
    assert res.status == 200 and res.body == b"abc.def"
    assert by_http(world.redirecting, "/other", "other.test").status == 308
