"""Videos, maps and posts of others in frames: each mode, who it is for, and the page that asks first."""
import html
import re
import subprocess

import pytest

import harness
from harness import answer, get, wait_until

CONF = """
version: 1
listen: [{{address: "127.0.0.1:0"}}]
admin: {{address: "127.0.0.1:0"}}
sites:
  - hosts: ["*"]
    origin: {{url: "{url}"}}
    allow: [player.vimeo.com]
rule_sets:
  said-no: {{scripts: {{remove: [analytics, advertising, personalisation, social]}}, embeds: {mode}}}
  light: {{}}
  only: {{embeds: {mode}}}
regions:
  - {{name: only, where: [NL], default: only, opted_out: said-no}}
  - {{name: rest, where: ["*"], default: light, opted_out: said-no}}
geo: {{unknown: {place}}}
"""
SAID_NO = {"Sec-GPC": "1"}
CANARY = "c4n4ryV1de0"
PAGE = f"""<!doctype html><title>x</title><body>
<iframe width="560" height="315" class="v" title="T" src="https://www.youtube.com/embed/{CANARY}?autoplay=1&amp;start=3" allowfullscreen></iframe>
<iframe src='https://player.vimeo.com/video/1'></iframe>
<noscript><iframe src=//www.google.com/maps/embed?pb=1></iframe></noscript>
<iframe src=https://www.facebook.com/tr/?id=1></iframe>
</body>"""
ASK = "/.well-known/tacet/embed?url=https%3A%2F%2Fwww.youtube-nocookie.com%2Fembed%2F" + CANARY + "%3Fautoplay%3D1%26start%3D3"


@pytest.fixture
def site(start, fresh_origin, tmp_path):
    conf = tmp_path / "t.yaml"

    def begin(mode, place="US-TX", page=PAGE, fields=()):
        fresh_origin.on("/p", answer(page, fields))
        conf.write_text(CONF.format(url=fresh_origin.url, mode=mode, place=place))
        return start("-c", conf, listen=False)

    begin.conf, begin.origin = conf, fresh_origin
    return begin


def sources(text):
    return [html.unescape(a or b or c) for a, b, c in re.findall(r"""<iframe[^>]*?src=(?:"([^"]*)"|'([^']*)'|([^ >]*))""", text)]


@pytest.mark.parametrize("mode, youtube, maps", [
    ("keep", f"https://www.youtube.com/embed/{CANARY}?autoplay=1&start=3", "//www.google.com/maps/embed?pb=1"),
    ("privacy-mode", f"https://www.youtube-nocookie.com/embed/{CANARY}?autoplay=1&start=3", "//www.google.com/maps/embed?pb=1"),
    ("click-to-load", ASK, "/.well-known/tacet/embed?url=https%3A%2F%2Fwww.google.com%2Fmaps%2Fembed%3Fpb%3D1"),
    ("remove", "about:blank", "about:blank"),
])
def test_modes(site, mode, youtube, maps):
    proxy = site(mode)
    assert proxy.get("/p").text == PAGE, "who said nothing gets the origin's bytes"
    text = proxy.get("/p", SAID_NO).text
    assert sources(text) == [youtube, "https://player.vimeo.com/video/1", maps, "about:blank"]
    # nothing but the addresses is changed
    for was, now in zip(sources(PAGE), sources(text)):
        text = text.replace(html.escape(now), html.escape(was), 1) if now != "about:blank" else text
    assert len(re.findall(r'<iframe width="560" height="315" class="v" title="T" src="[^"]*" allowfullscreen></iframe>', text)) == 1


def test_for_everyone_under_the_rule_set(site):
    """Where nothing is denied embeds are dealt with all the same, and nothing else is."""
    proxy = site("click-to-load", place="NL")
    text = proxy.get("/p").text
    assert ASK in text and "https://www.facebook.com/tr/?id=1" in text
    assert text.replace(ASK, f"https://www.youtube.com/embed/{CANARY}?autoplay=1&amp;start=3").replace(
        "/.well-known/tacet/embed?url=https%3A%2F%2Fwww.google.com%2Fmaps%2Fembed%3Fpb%3D1", "//www.google.com/maps/embed?pb=1") == PAGE


@pytest.mark.parametrize("place, fields", [("NL", []), ("US-TX", ["-H", "Sec-GPC: 1"])])
def test_explain_says_which_line_it_was(site, tmp_path, place, fields):
    """An embed is dealt with by the line of `embeds`; a tracker in a frame goes by that of `scripts`."""
    site("click-to-load", place)
    page = tmp_path / "page.html"
    page.write_text(PAGE)
    conf = site.conf.read_text().replace("}, embeds:", "},\n    embeds:")
    site.conf.write_text(conf)
    lines = conf.split("\n")
    embeds = next(i for i, line in enumerate(lines, 1) if "embeds:" in line and ("only" in line) == (place == "NL"))
    ran = subprocess.run([harness.tacet_path(), "explain", "-c", site.conf, "--from", place, *fields, "--response", page,
                          "http://www.example.test/p"], capture_output=True, text=True, check=True)
    said = {line.split()[2]: line for line in ran.stdout.split("\n") if line.startswith(("frames ", "noscript "))}
    for url in (f"https://www.youtube.com/embed/{CANARY}?autoplay=1&start=3", "https://www.google.com/maps/embed?pb=1"):
        assert "embed, " in said[url] and said[url].endswith(f"t.yaml:{embeds}"), (embeds, ran.stdout)
    tracker = said.get("https://www.facebook.com/tr/?id=1", "")
    assert ("advertising" in tracker and "embed, " not in tracker) == (place != "NL"), ran.stdout


def test_the_page_that_asks(site):
    proxy = site("click-to-load")
    src = sources(proxy.get("/p", SAID_NO).text)[0]
    res = proxy.get(src, {"Sec-GPC": "1", "Accept-Language": "de", "Sec-Fetch-Dest": "iframe"})
    assert res.status == 200 and res.get("Content-Type") == "text/html; charset=utf-8"
    assert res.get("Cache-Control") == "no-store" and res.get("Content-Language") == "de" and not res.has("Set-Cookie")
    assert "Video von <bdi>YouTube</bdi>" in res.text and "<bdi>Google</bdi>" in res.text and "<script" not in res.text
    load, page = [html.unescape(h) for h in re.findall(r'<a [^>]*href="([^"]*)"', res.text)]
    assert load == f"https://www.youtube-nocookie.com/embed/{CANARY}?autoplay=1&start=3"
    assert page == f"https://www.youtube.com/watch?v={CANARY}"
    assert 'target="_blank" rel="noreferrer noopener"' in res.text
    style = re.search(r'<link rel="stylesheet" href="([^"]*)"', res.text)[1]
    assert proxy.get(style).get("Content-Type").startswith("text/css")
    head = proxy.get(src, method="HEAD")
    assert head.status == 200 and head.body == b"" and int(head.get("Content-Length")) > 0
    assert proxy.get(src, method="POST", body=b"x").status == 405
    assert not site.origin.asked("/.well-known/tacet/embed")


@pytest.mark.parametrize("query", [
    "", "?", "?url=", "?url=https%3A%2F%2Fevil.example%2F", "?url=https://www.youtube.com/embed/x", "?url=javascript%3Aalert(1)",
    "?url=https%3A%2F%2Fwww.youtube.com%2Fredirect%3Fq%3Dx", "?url=https%3A%2F%2Fwww.youtube.com%2Fembed%2F..%2Fredirect",
    "?url=https%3A%2F%2Fwww.youtube.com%40evil.example%2Fembed%2Fx", "?url=" + "x" * 7000])
def test_no_redirect_for_others(site, query):
    proxy = site("click-to-load")
    res = proxy.get("/.well-known/tacet/embed" + query)
    assert res.status == 404 and "evil" not in res.text and not res.has("Location")
    assert not site.origin.asked("/.well-known/tacet/embed")


def test_policies_of_the_site(site):
    proxy = site("click-to-load", fields=[("Content-Security-Policy", "default-src 'none'; frame-src https://www.youtube.com")])
    assert proxy.get("/p").get("Content-Security-Policy") == "default-src 'none'; frame-src https://www.youtube.com"
    assert proxy.get("/p", SAID_NO).get("Content-Security-Policy") == \
        "default-src 'none'; frame-src https://www.youtube.com 'self' https://www.youtube-nocookie.com"


def test_another_mode_is_another_variant(site):
    proxy = site("click-to-load", fields=[("ETag", '"1"')])
    tag = proxy.get("/p", SAID_NO).get("ETag")
    assert tag and tag != '"1"'
    site.conf.write_text(site.conf.read_text().replace("click-to-load", "remove"))
    proxy.reload()
    wait_until(lambda: ASK not in proxy.get("/p", SAID_NO).text, "the new mode")
    assert proxy.get("/p", SAID_NO).get("ETag") != tag


def test_nothing_of_it_is_written_down(site):
    proxy = site("click-to-load")
    assert ASK in proxy.get("/p", SAID_NO).text
    assert proxy.get(ASK, SAID_NO).status == 200
    assert proxy.get(ASK.replace("youtube", CANARY), SAID_NO).status == 404
    metrics = get(proxy.admin, "/metrics", host=f"127.0.0.1:{proxy.admin}").text
    assert 'action="frame"' in metrics and CANARY not in metrics and "youtube" not in metrics
    proxy.stop()
    assert CANARY not in proxy.stderr() + "\n".join(proxy.lines)


def test_a_page_in_pieces(site):
    """However the origin's bytes come, the frame is the same."""
    proxy = site("click-to-load")
    for size in (1, 7, 64):
        parts = [PAGE.encode()[i:i + size] for i in range(0, len(PAGE), size)]
        body = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in parts) + b"0\r\n\r\n"
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
        site.origin.on(f"/in/{size}", head + body)
        assert proxy.get(f"/in/{size}", SAID_NO).text == proxy.get("/p", SAID_NO).text
