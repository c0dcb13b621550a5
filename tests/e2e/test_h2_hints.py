"""103 Early Hints (RFC 8297) over HTTP/2: only what names the site's own files reaches a visitor (docs/adr/0005)."""
import pytest

import h2
from harness import answer, head_bytes

PAGE = b"<!doctype html><title>t</title><p>words"
OWN = "</style.css>; rel=preload; as=style"
OTHER = "<https://fonts.example>; rel=preconnect"
TRACKER = "<https://www.google-analytics.com>; rel=preconnect"
OWN_TRACKER = "</gtag/js?id=G-1>; rel=preload; as=script"


def hinting(*links, **fields):
    def script(conn, _request):
        for link in links:
            conn.sendall(head_bytes("HTTP/1.1 103 Early Hints", {"Link": link, "Set-Cookie": "_ga=GA1.1.1.1", **fields}))
        conn.sendall(answer(PAGE))
    return script


def ask(proxy, path, fields=()):
    with h2.H2(proxy.port) as c:
        s = c.open(path, fields)
        assert c.until(lambda: s.over, "the page")
        assert s.status == 200 and s.ended and s.body.endswith(b"words")
        return [dict(i) for i in s.interim]


@pytest.mark.parametrize("said", [(), (("sec-gpc", "1"),)], ids=["said nothing", "said no"])
def test_only_the_sites_own_is_hinted(start, fresh_origin, tmp_path, said):
    proxy = start("-c", h2.clear(tmp_path, fresh_origin), listen=False)
    fresh_origin.on("/h", hinting(f"{OTHER}, {OWN}, {TRACKER}"))
    hint, = ask(proxy, "/h", said)
    assert hint == {":status": "103", "link": OWN}
    fresh_origin.on("/h", hinting(OTHER, TRACKER, "<//cdn.example/a.js>; rel=preload; as=script", "broken; rel=preload"))
    assert ask(proxy, "/h", said) == []


def test_what_the_lists_name_goes_for_who_said_no(start, fresh_origin, tmp_path):
    proxy = start("-c", h2.clear(tmp_path, fresh_origin), listen=False)
    fresh_origin.on("/h", hinting(OWN_TRACKER, OWN))
    assert [h["link"] for h in ask(proxy, "/h")] == [OWN_TRACKER, OWN]
    kept = [h["link"] for h in ask(proxy, "/h", [("sec-gpc", "1")])]
    assert OWN in kept


def test_a_site_that_only_observes_passes_hints(start, fresh_origin, tmp_path):
    proxy = start("-c", h2.clear(tmp_path, fresh_origin, ", mode: observe"), listen=False)
    fresh_origin.on("/h", hinting(f"{OTHER}, {TRACKER}"))
    hint, = ask(proxy, "/h", [("sec-gpc", "1")])
    assert hint["link"] == f"{OTHER}, {TRACKER}" and "set-cookie" not in hint


def test_other_interim_responses_end_here(start, fresh_origin, tmp_path):
    proxy = start("-c", h2.clear(tmp_path, fresh_origin), listen=False)

    def script(conn, _request):
        conn.sendall(head_bytes("HTTP/1.1 102 Processing", {"Link": OWN}) + head_bytes("HTTP/1.1 100 Continue", {}) + answer(PAGE))
    fresh_origin.on("/h", script)
    assert ask(proxy, "/h") == []
