"""The programs that people use speak HTTP/2 to it: curl, nghttp and h2load get every page, the same as by HTTP/1.1."""
import hashlib
import os
import re
import shutil
import subprocess

import pytest

import h2
from certificates import Authority
from harness import Origin, Tacet, answer, sanitized

SAID_NO = "Sec-GPC: 1"
REQUESTS = 200 if sanitized() else 2000
LARGE = hashlib.sha512(b"clients").digest() * (4 << 20 >> 6)


def program(name):
    if not shutil.which(name):
        pytest.skip(f"{name} is not installed: run 'make setup'")
    return name


def run(name, *args, data=None):
    ran = subprocess.run([program(name), *map(str, args)], input=data, capture_output=True, timeout=150)
    assert ran.returncode == 0, (ran.returncode, ran.stdout[-1000:], ran.stderr[-2000:])
    return ran.stdout


class World:
    def url(self, way, path=""):
        return f"{'https' if way == 'tls' else 'http'}://{h2.HOST}:{self.ports[way]}{path}"

    def curl(self, *args, data=None):
        here = [part for port in self.ports.values() for part in ("--resolve", f"{h2.HOST}:{port}:127.0.0.1")]
        return run("curl", "-sS", "--max-time", 120, "--cacert", self.ca.pem, *here, *args, data=data)


@pytest.fixture(scope="module")
def world(tmp_path_factory, page_folder, nginx_origin):
    w, d = World(), tmp_path_factory.mktemp("clients")
    w.ca, w.origin, w.folder = Authority(d / "ca"), Origin(), d
    w.origin.on("/raw/hash", lambda conn, req: conn.sendall(answer(hashlib.sha256(req.body).hexdigest())))
    w.origin.on("/little", answer("<p>little"))
    started = []
    for name, url in (("pages", nginx_origin.url), ("scripted", w.origin.url)):
        path = d / f"{name}.yaml"
        path.write_text(h2.conf(url, w.ca, "overload: none").replace("admin.sock", f"{name}.sock"))
        started.append(Tacet("-c", path))
    w.names = sorted(n for n in os.listdir(page_folder) if n.endswith(".html"))
    w.tacet, w.scripted = started
    w.ports = h2.ports(w.tacet)
    yield w
    for t in started:
        t.stop()
    w.origin.close()


@pytest.fixture(scope="module")
def plain(world):
    """The pages of who said no, by HTTP/1.1 and TLS."""
    out = all_pages(world, "plain", "--http1.1")
    assert all(out.values())
    return out


def all_pages(world, name, *how, way="tls"):
    """Every page by one run of curl (by one each in clear: curl 7.88 sends the preface anew with the next request)."""
    folder = world.folder / name
    folder.mkdir()
    wanted = [[world.url(way, "/" + n), "-o", folder / n] for n in world.names]
    runs = wanted if way == "h2c" else [sum(wanted, [])]
    said = [line for some in runs for line in world.curl(*how, "-H", SAID_NO, "-w", "%{http_version} %{response_code}\n", *some).decode().splitlines()]
    assert set(said) == {("1.1" if "--http1.1" in how else "2") + " 200"} and len(said) == len(world.names), said
    return {n: (folder / n).read_bytes() for n in world.names}


def without_ports(world, body):
    """An address of the proxy's own names scheme, host and port."""
    for way in world.ports:
        body = body.replace(world.url(way).encode(), b"")
    return body


@pytest.mark.parametrize("way, how", [("tls", ["--http2"]), ("tls", ["--http2-prior-knowledge"]), ("h2c", ["--http2-prior-knowledge"]),
                                      ("tls", ["--http2", "--parallel"]), ("tls", ["--http2", "--compressed"])])
def test_curl_gets_every_page(world, plain, way, how):
    got = all_pages(world, f"{way}{''.join(how)}", *how, way=way)
    for name in world.names:
        if way == "tls":
            assert got[name] == plain[name], name
        assert without_ports(world, got[name]) == without_ports(world, plain[name]), name


def test_curl_that_asks_to_change_goes_on_in_the_old(world):
    """RFC 9113 3.1: Upgrade: h2c is no more."""
    said = world.curl("--http2", "-o", "/dev/null", "-w", "%{http_version} %{response_code}", f"http://127.0.0.1:{world.scripted.port}/little")
    assert said == b"1.1 200"


@pytest.mark.parametrize("how", ["--http1.1", "--http2"])
def test_curl_sends_much(world, how):
    port = h2.ports(world.scripted)["tls"]
    here = ["--resolve", f"{h2.HOST}:{port}:127.0.0.1", f"https://{h2.HOST}:{port}/raw/hash", how]
    expected = hashlib.sha256(LARGE).hexdigest().encode()
    assert world.curl("--data-binary", "@-", *here, data=LARGE) == expected
    assert world.curl("-T", "-", *here, data=LARGE) == expected  # of no known length
    head = world.curl("-I", *here[:2], f"https://{h2.HOST}:{port}/little", how).decode()
    assert re.match(r"HTTP/(2|1\.1) 200", head) and not head.split("\r\n\r\n")[1]


@pytest.mark.parametrize("way", ["tls", "h2c"])
def test_nghttp_gets_every_page(world, plain, way):
    base = f"{'https' if way == 'tls' else 'http'}://127.0.0.1:{world.ports[way]}"
    common = ["-H", f":authority: {h2.HOST}:{world.ports[way]}", "-H", SAID_NO, "--no-verify-peer"]
    for name in world.names:
        got = run("nghttp", *common, f"{base}/{name}")
        assert without_ports(world, got) == without_ports(world, plain[name]), name
    # all of them at once, over one connection
    table = run("nghttp", "-n", "-s", *common, *[f"{base}/{n}" for n in world.names]).decode()
    rows = re.findall(r"^\s*\d+ .*? (\d{3}) +\S+ (\S+)$", table, re.M)
    assert sorted(path for _, path in rows) == sorted("/" + n for n in world.names), table
    assert {status for status, _ in rows} == {"200"}


@pytest.mark.parametrize("way", ["tls", "h2c"])
@pytest.mark.parametrize("what", ["a page", "a little"])
def test_h2load_fails_nothing(world, page_folder, way, what):
    proxy = world.tacet if what == "a page" else world.scripted
    path = "/" + min(world.names, key=lambda n: os.path.getsize(os.path.join(page_folder, n))) if what == "a page" else "/little"
    said = run("h2load", "-n", REQUESTS, "-c", 20, "-m", 10, "-H", f":authority: {h2.HOST}", "-H", SAID_NO,
               f"{'https' if way == 'tls' else 'http'}://127.0.0.1:{h2.ports(proxy)[way]}{path}").decode()
    assert f"{REQUESTS} succeeded, 0 failed, 0 errored, 0 timeout" in said, said
    assert f"status codes: {REQUESTS} 2xx" in said, said
    assert "Application protocol: " + ("h2" if way == "tls" else "h2c") in said, said
