"""Embeds in Chromium: nobody is asked before the click, the embed is after it, with keyboard and mouse, with and without script."""
import json
import os
import shutil
import socket
import ssl
import subprocess
import threading

import pytest

from harness import ROOT, answer, sanitized
from recorder import Recorder

HERE = os.path.join(ROOT, "tests", "browser")
HOST = "www.youtube-nocookie.com"
PAGE = b"""<!doctype html><html lang=en><title>A page</title><main><h1>A page</h1>
<p>Text <iframe width="560" height="315" style="border:0" class="v" title="A film" allow="autoplay; fullscreen; encrypted-media"
 src="https://www.youtube.com/embed/x1?autoplay=1"></iframe> and more text</p>
<iframe title="A song" src="https://open.spotify.com/embed/track/1" width="100%" height="80" loading="eager"></iframe></main>"""


class Player:
    """The vendor: a page over TLS. Notes what it is asked."""

    def __init__(self, folder):
        cert, key = os.path.join(folder, "c.pem"), os.path.join(folder, "k.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={HOST}", "-keyout", key,
                        "-out", cert], check=True, capture_output=True)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(cert, key)
        self.asked, self.listener = [], socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                conn, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(conn,), daemon=True).start()

    def serve(self, conn):
        try:
            with self.context.wrap_socket(conn, server_side=True) as tls:
                head = b""
                while b"\r\n\r\n" not in head:
                    more = tls.recv(65536)
                    if not more:
                        return
                    head += more
                self.asked.append(head.decode("latin-1"))
                body = b"<!doctype html><html lang=en><title>player</title><button>Play</button>"
                tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        except OSError:
            pass


CONF = """
version: 1
listen: [{{address: "127.0.0.1:0"}}]
admin: {{address: "127.0.0.1:0"}}
sites: [{{hosts: ["*"], origin: {{url: "{url}"}}}}]
rule_sets:
  said-no: {{scripts: {{remove: [analytics, advertising, personalisation, social]}}, embeds: click-to-load}}
  light: {{}}
regions: [{{name: rest, where: ["*"], honour: [gpc, dnt, choice], default: light, opted_out: said-no}}]
"""


@pytest.fixture(scope="module")
def tried(tmp_path_factory):
    """What the browser saw, what the player was asked, which other hosts were."""
    import harness
    chromium = next((p for p in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if p), None)
    axe = os.path.join(ROOT, "tests/node_modules/axe-core/axe.min.js")
    if sanitized():
        pytest.skip("browsers judge the release build")
    for what, there in (("chromium", chromium), ("openssl", shutil.which("openssl")), ("axe-core", os.path.exists(axe)),
                        ("puppeteer-core", os.path.isdir(os.path.join(ROOT, "tests/node_modules/puppeteer-core")))):
        if not there:
            pytest.skip(f"{what} is not installed: run 'make setup'")
    folder = tmp_path_factory.mktemp("embeds")
    player, recorder, origin = Player(str(folder)), Recorder(), harness.Origin()
    origin.on("/p", answer(PAGE))
    (folder / "t.yaml").write_text(CONF.format(url=origin.url))
    proxy = harness.Tacet("-c", folder / "t.yaml")
    rules = f"MAP www.example.test 127.0.0.1:{proxy.port}, MAP *.youtube-nocookie.com 127.0.0.1:{player.port}, " \
            f"MAP www.youtube.com 127.0.0.1:{player.port}, MAP * 127.0.0.1:{recorder.port}"
    site = "http://www.example.test"
    spec = {"path": chromium, "args": [f"--host-resolver-rules={rules}"], "axe": axe, "host": HOST, "url": f"{site}/p", "plain": f"{site}/p",
            "direct": f"{site}/.well-known/tacet/embed?url=https%3A%2F%2F{HOST}%2Fembed%2Fx1", "shots": os.environ.get("TACET_SHOTS")}
    ran = subprocess.run(["node", os.path.join(HERE, "embeds.mjs")], input=json.dumps(spec), capture_output=True, text=True, timeout=300)
    hosts = recorder.take()
    proxy.stop()
    recorder.close()
    origin.close()
    player.listener.close()
    assert ran.returncode == 0, ran.stderr[-3000:]
    return json.loads(ran.stdout), player.asked, hosts


@pytest.mark.slow
def test_nobody_is_asked_before_the_click(tried):
    saw, _, _ = tried
    assert saw["before"] == saw["still"] == saw["script_off_before"] == []
    assert "Video from YouTube" in saw["texts"][0] and "IP address with Google" in saw["texts"][0]
    assert "Audio from Spotify" in saw["texts"][1]


@pytest.mark.slow
def test_the_embed_is_asked_after_it(tried):
    saw, asked, hosts = tried
    want = f"https://{HOST}/embed/x1?autoplay=1"
    assert saw["after"][0] == want and saw["script_off_after"][0] == want
    assert all(u.startswith(f"https://{HOST}/") for u in saw["after"] + saw["script_off_after"])
    first = asked[0].lower()
    assert first.startswith("get /embed/x1?autoplay=1 ") and "\r\nreferer: http://www.example.test/\r\n" in first
    assert any("youtube.com" in u for u in saw["plain"]), "who said nothing sees the page as it is"
    assert "open.spotify.com" in hosts, "and that is seen"


@pytest.mark.slow
def test_keyboard_and_focus(tried):
    saw, _, _ = tried
    assert saw["focused"] == "load" and float(saw["outline"].rstrip("px")) >= 2
    assert saw["focus"] == ["IFRAME", "A film"] and saw["inside"] == "BUTTON", "the next Tab is for the embed"


@pytest.mark.slow
def test_nothing_moves(tried):
    saw, _, _ = tried
    assert saw["boxes"] == saw["boxes_after"] == saw["plain_boxes"] and len(saw["boxes"]) == 2


@pytest.mark.slow
def test_what_the_frame_may_do_is_the_same(tried):
    saw, _, _ = tried
    for feature in ("autoplay", "fullscreen", "encrypted-media"):
        assert feature in saw["plain_features"] and feature in saw["features"], feature
    denied = {"browsing-topics", "interest-cohort", "ch-ua-high-entropy-values"}  # by Permissions-Policy, to who said no
    assert set(saw["features"]) <= set(saw["plain_features"]) <= set(saw["features"]) | denied


@pytest.mark.slow
def test_everyone_can_use_it(tried):
    saw, _, _ = tried
    assert not saw["outer"], saw["outer"]
    for name, look in saw["looks"].items():
        assert not look["axe"], (name, look["axe"])
        assert look["width"][0] <= look["width"][1], name
        assert len(look["targets"]) == 2 and all(w >= 24 and h >= 24 for w, h, _, _ in look["targets"]), (name, look["targets"])
    assert all(top >= 0 and bottom <= 80 for _, _, top, bottom in saw["looks"]["low"]["targets"]), "it fits a player of 80 pixels"
    assert saw["looks"]["arabic"]["dir"] == "rtl"
    assert saw["looks"]["dark"]["background"] != saw["looks"]["light"]["background"]
