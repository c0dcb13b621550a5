"""
HTTP around the edit (html.md 2.6, signals.md 2.3): framing, validators, ranges, codings, digests, and what keeps caches
from giving one visitor the page of another.
"""
import shutil
import subprocess

import pytest

import harness
from harness import Client, answer, chunked_answer, head_bytes

SAID_NO = {"Sec-GPC": "1", "Sec-Fetch-Dest": "document"}
SAID_NOTHING = {"Sec-Fetch-Dest": "document"}
DATE = "Mon, 02 Nov 2026 10:00:00 GMT"
PAGE = (b"<!doctype html><title>t</title><body>" + b"<p>words and words</p>\n" * 60 +
        b"<script src='https://www.google-analytics.com/analytics.js'></script></body>")
CLEAN = b"<!doctype html><title>t</title><p>nothing to remove"
OF_BYTES = {"Content-MD5": "x", "Digest": "sha-256=x", "Content-Digest": "sha-256=:x:", "Repr-Digest": "sha-256=:x:",
            "Unencoded-Digest": "sha-256=:x:", "Signature": "s=:x:", "Signature-Input": 's=("content-digest")'}


def filtered(body):
    return b"google-analytics" not in body and b"words and words" in body


def strict(etag, body, fields=(), type="text/html; charset=utf-8", also_304=()):
    """An origin that does what RFC 9110 13 says, and compares tags as bytes."""
    def script(conn, req):
        tags = [t.strip() for v in req.all("If-None-Match") for t in v.split(",")]
        have = {"ETag": etag, "Last-Modified": DATE, "Accept-Ranges": "bytes", **dict(fields)}
        if req.has("If-Match") and etag not in req.all("If-Match") and "*" not in req.all("If-Match"):
            conn.sendall(answer(b"", status="412 Precondition Failed", type=None))
        elif etag in tags or "*" in tags or (not tags and req.get("If-Modified-Since") == DATE):
            conn.sendall(head_bytes("HTTP/1.1 304 Not Modified", {**have, **dict(also_304)}))
        elif req.has("Range") and req.get("If-Range", etag) == etag:
            conn.sendall(answer(body[:10], {**have, "Content-Range": f"bytes 0-9/{len(body)}"}, "206 Partial Content", type))
        else:
            whole = answer(body, have, type=type)
            conn.sendall(whole.split(b"\r\n\r\n")[0] + b"\r\n\r\n" if req.method == "HEAD" else whole)
    return script


@pytest.fixture(scope="module")
def sites(origin, tmp_path_factory):
    """A proxy with a site for each thing that downstream_cache may be, in a place where nothing is removed unasked."""
    rows = "".join(f"""
  - hosts: [{mode}.test]
    origin: {{url: "{origin.url}"}}
    downstream_cache: {mode}
    routes: [{{name: raw, match: /raw/*, filter: none}}, {{name: pages, match: /*}}]""" for mode in ("private", "keyed", "none"))
    path = tmp_path_factory.mktemp("around") / "tacet.yaml"
    path.write_text(f"""version: 1
listen: [{{address: "127.0.0.1:0"}}]
admin: {{address: "127.0.0.1:0"}}
geo: {{databases: []}}
sites: {rows}
rule_sets:
  opt-out: {{scripts: {{remove: [analytics, advertising]}}}}
  light: {{}}
regions:
  - {{name: rest, where: ["*"], honour: [gpc, dnt, choice], default: light, opted_out: opt-out}}
""")
    proxy = harness.Tacet("-c", path)
    yield proxy
    proxy.stop()


# ---- framing ----------------------------------------------------------------------------------------

def test_edited_is_chunked_or_ends_with_the_connection(texas, origin):
    for script in (answer(PAGE), chunked_answer(PAGE, size=100)):
        path = origin.on("/around/framing", script)
        assert texas.get(path, SAID_NO).framing == "chunked"
        with Client(texas.port) as c:
            c.ask(path, SAID_NO, version="HTTP/1.0")
            old = c.answer()
        assert old.framing == "close" and filtered(old.body) and not old.has("Transfer-Encoding")
        assert old.get("Connection") == "close"


def test_untouched_keeps_its_length(texas, origin):
    page, style = origin.on("/around/as-it-is", answer(PAGE)), origin.on("/around/style", answer(b"a{}", type="text/css"))
    for path, fields, body in ((page, SAID_NOTHING, PAGE), (style, {**SAID_NO, "Sec-Fetch-Dest": "style"}, b"a{}")):
        res = texas.get(path, fields)
        assert res.framing == "length" and res.body == body
        head = texas.get(path, fields, method="HEAD")
        assert head.get("Content-Length") == str(len(body))
        with Client(texas.port) as c:
            c.ask(path, fields, version="HTTP/1.0")
            assert c.answer().framing == "length"


def test_head_says_what_get_would(texas, origin):
    for type in ("text/html; charset=utf-8", "text/html", None):
        path = origin.on("/around/head", strict('"h"', PAGE, OF_BYTES, type))
        get, head = (texas.get(path, {**SAID_NO, "Cookie": "tacet_choice=x"}, method=m) for m in ("GET", "HEAD"))
        assert not head.has("Content-Length") and head.body == b""
        # the type may be known only from the bytes
        names = {n for n, _ in get.fields + head.fields} - {"Transfer-Encoding", "Date", "Content-Type", "X-Content-Type-Options"}
        for name in names:
            assert head.all(name) == get.all(name), (name, type)


# ---- validators -------------------------------------------------------------------------------------

def test_tags_of_a_variant(texas, origin):
    path = origin.on("/around/tag", strict('"v1"', PAGE))
    ours, theirs = texas.get(path, SAID_NO), texas.get(path, SAID_NOTHING)
    assert ours.get("ETag").startswith('W/"v1;tc') and len(ours.get("ETag")) == len('W/"v1;tc12345678"')
    assert not ours.has("Last-Modified") and ours.get("Accept-Ranges") == "none"
    assert theirs.get("ETag") == '"v1"' and theirs.get("Last-Modified") == DATE and theirs.get("Accept-Ranges") == "bytes"
    weak = origin.on("/around/weak", strict('W/"v1"', PAGE))
    assert texas.get(weak, SAID_NO).get("ETag") == ours.get("ETag")


@pytest.mark.parametrize("spelt", ["{0}", '"old", {0}', '{0}, "old"', 'W/"a,b",{0}', '  {0}  ', '{0}, {0}', 'W/"x;tc00000000", {0}'])
def test_a_tag_of_this_variant_is_translated(texas, origin, spelt):
    path = origin.on("/around/own", strict('"v1"', PAGE))
    ours = texas.get(path, SAID_NO).get("ETag")
    res = texas.get(path, {**SAID_NO, "If-None-Match": spelt.format(ours), "If-Modified-Since": DATE})
    assert res.status == 304 and res.get("ETag") == ours and res.body == b""
    assert {"Sec-GPC", "DNT"} <= set(", ".join(res.all("Vary")).split(", "))
    asked = origin.last(path)
    assert asked.all("If-None-Match") in (['"v1"'], ['"v1", "v1"']) and not asked.has("If-Modified-Since")


@pytest.mark.parametrize("tag", ["*", '"v1"', 'W/"v1"', 'W/"v1;tc00000000"', '"v1;tc"', "v1", '"', "W/"])
def test_other_tags_and_dates_are_not_asked_about(texas, origin, tag):
    """What was not made by this decision may have trackers in it, or lack what this visitor may have."""
    path = origin.on("/around/foreign", strict('"v1"', PAGE))
    res = texas.get(path, {**SAID_NO, "If-None-Match": tag, "If-Modified-Since": DATE})
    assert res.status == 200 and filtered(res.body)
    assert not origin.last(path).has("If-None-Match") and not origin.last(path).has("If-Modified-Since")
    assert texas.get(path, {**SAID_NO, "If-Modified-Since": DATE}).status == 200


def test_variants_do_not_stand_in_for_each_other(texas, germany, origin):
    """By a signal, by the law of the place, as a fragment, unfiltered: four bodies, no tag of one confirms another."""
    path = origin.on("/around/variants", strict('"v1"', PAGE))
    asks = [(texas, SAID_NO), (germany, SAID_NOTHING), (texas, {"Sec-GPC": "1", "Sec-Fetch-Dest": "empty", "Accept": "text/html"}),
            (texas, SAID_NOTHING)]
    tags = [proxy.get(path, fields).get("ETag") for proxy, fields in asks]
    assert len(set(tags)) == len(tags), tags
    for i, (proxy, fields) in enumerate(asks):
        for k, tag in enumerate(tags):
            assert proxy.get(path, {**fields, "If-None-Match": tag}).status == (304 if i == k else 200), (i, k)


def test_a_choice_shows_its_status_past_the_cache(germany, origin):
    """Removed by law before, removed because a person said so now: the page says so, though no tracker differs."""
    path = origin.on("/around/status", strict('"v1"', PAGE))
    before = germany.get(path, SAID_NOTHING)
    after = germany.get(path, {**SAID_NO, "If-None-Match": before.get("ETag")})
    assert after.status == 200 and b"data-tacet=\"status\"" in after.body and b"data-tacet=\"status\"" not in before.body


def test_conditions_of_who_said_nothing_go_as_they_came(texas, origin):
    path = origin.on("/around/plain", strict('"v1"', PAGE))
    for fields in ({"If-None-Match": '"v1"'}, {"If-None-Match": "*"}, {"If-Modified-Since": DATE}):
        res = texas.get(path, {**SAID_NOTHING, **fields})
        assert res.status == 304 and res.get("ETag") == '"v1"' and res.get("Last-Modified") == DATE
        assert all(origin.last(path).get(n) == v for n, v in fields.items())


def test_what_a_304_says_replaces_what_is_stored(texas, origin):
    """RFC 9111 3.2: so it says nothing of the origin's bytes, and denies what the page denied."""
    own = {**OF_BYTES, "Permissions-Policy": "browsing-topics=(self)", "Referrer-Policy": "unsafe-url", "Cache-Control": "public, s-maxage=9",
           "Set-Cookie": "_ga=GA1.1.1.1", "Link": "<https://www.google-analytics.com>; rel=preconnect"}
    path = origin.on("/around/304", strict('"v1"', PAGE, also_304=own))
    ours = texas.get(path, SAID_NO).get("ETag")
    res = texas.get(path, {**SAID_NO, "If-None-Match": ours})
    assert res.status == 304 and res.get("Accept-Ranges") == "none"
    assert not any(res.has(name) for name in (*OF_BYTES, "Last-Modified", "Link"))
    assert ", ".join(res.all("Permissions-Policy")).rindex("browsing-topics=()") > 0
    assert res.all("Referrer-Policy") == ["strict-origin-when-cross-origin"] and res.get("Cache-Control") == "private"
    assert not [c for c in res.all("Set-Cookie") if c.startswith("_ga=GA")]
    plain = texas.get(path, {**SAID_NOTHING, "If-None-Match": '"v1"'})
    assert plain.status == 304 and all(plain.get(n) == v for n, v in own.items() if n != "Cache-Control")


def test_conditions_of_writers_are_the_origins(texas, origin):
    """A PUT that must not overwrite does not, whoever sends it; a tag of ours is no tag of the origin's."""
    path = origin.on("/around/put", strict('"v1"', PAGE))
    for said in (SAID_NO, {"Sec-GPC": "1"}, SAID_NOTHING):
        for fields in ({"If-None-Match": "*"}, {"If-None-Match": '"v1"'}, {"If-Match": '"v1"', "If-Unmodified-Since": DATE}):
            texas.get(path, {**said, **fields}, method="PUT", body=b"x")
            assert all(origin.last(path).get(n) == v for n, v in fields.items()), (said, fields)
    ours = texas.get(path, SAID_NO).get("ETag")
    assert texas.get(path, {**SAID_NO, "If-Match": ours}, method="PUT", body=b"x").status == 412
    assert texas.get(path, {**SAID_NO, "If-Match": '"v0"'}).status == 412
    assert texas.get(path, {**SAID_NO, "If-Match": '"v1"'}).status == 200


# ---- ranges -----------------------------------------------------------------------------------------

def test_pages_are_asked_for_whole(texas, origin):
    path = origin.on("/around/range", strict('"v1"', PAGE))
    for dest in ("document", "iframe"):
        res = texas.get(path, {"Sec-GPC": "1", "Sec-Fetch-Dest": dest, "Range": "bytes=0-9", "If-Range": '"v1"'})
        assert res.status == 200 and filtered(res.body) and res.get("Accept-Ranges") == "none"
        assert not origin.last(path).has("Range") and not origin.last(path).has("If-Range")
    res = texas.get(path, {**SAID_NOTHING, "Range": "bytes=0-9"})
    assert res.status == 206 and res.body == PAGE[:10]


@pytest.mark.parametrize("fields", [{}, {"Accept": "*/*"}, {"Sec-Fetch-Dest": "empty", "Accept": "*/*"}, {"Sec-Fetch-Dest": "video"}])
@pytest.mark.parametrize("coding", ["length", "chunked", "close"])
def test_a_part_of_a_page_is_fetched_again_whole(texas, origin, fields, coding):
    def script(conn, req):
        if not req.has("Range"):
            return conn.sendall(answer(PAGE))
        part = {"Content-Range": f"bytes 0-999999/{len(PAGE)}", "Set-Cookie": "once=1"}
        if coding == "length":
            conn.sendall(answer(PAGE[:500], part, "206 Partial Content"))
        elif coding == "chunked":
            conn.sendall(chunked_answer(PAGE[:500], part, status="206 Partial Content", size=40))
        else:
            conn.sendall(answer(PAGE[:500], {**part, "Connection": "close"}, "206 Partial Content", length=False))
            return False
    path = origin.on(f"/around/part/{coding}", script)
    with texas.client() as c:
        for _ in range(2):  # the visitor's connection goes on
            res = c.get(path, {"Sec-GPC": "1", "Range": "bytes=0-", "If-Range": '"v1"', **fields})
            assert res.status == 200 and filtered(res.body) and not res.has("Content-Range")
            assert "once=1" not in res.all("Set-Cookie")  # nothing of the first answer
    assert [r.has("Range") for r in origin.asked(path)[-2:]] == [True, False]


def test_an_origin_that_only_has_parts_is_refused(texas, origin):
    path = origin.on("/around/parts", answer(PAGE[:10], {"Content-Range": "bytes 0-9/99"}, "206 Partial Content"))
    before = harness.total(texas.metrics(), "tacet_filter_bypass_total", reason="partial")
    for fields in (SAID_NO, {"Sec-GPC": "1", "Range": "bytes=0-9"}):
        asked = len(origin.asked(path))
        assert texas.get(path, fields).status == 502
        assert len(origin.asked(path)) - asked <= 2
    after = harness.total(texas.metrics(), "tacet_filter_bypass_total", reason="partial")
    assert after == before + 2
    assert texas.get(path, {**SAID_NOTHING, "Range": "bytes=0-9"}).status == 206


def test_a_part_is_not_asked_for_twice_by_those_who_write(texas, origin):
    path = origin.on("/around/post", answer(PAGE[:10], {"Content-Range": "bytes 0-9/99"}, "206 Partial Content"))
    assert texas.get(path, {"Sec-GPC": "1", "Range": "bytes=0-9"}, method="POST", body=b"x").status == 502
    assert len(origin.asked(path)) == 1


@pytest.mark.parametrize("dest", ["video", "audio", "image", "empty", None])
def test_other_things_come_in_parts(texas, origin, dest):
    path = origin.on("/around/film", strict('"f"', b"0123456789" * 100, type="video/mp4"))
    fields = {"Sec-GPC": "1", "Range": "bytes=0-9", **({"Sec-Fetch-Dest": dest} if dest else {})}
    res = texas.get(path, fields)
    assert res.status == 206 and res.body == b"0123456789" and res.get("Content-Range") == "bytes 0-9/1000"
    assert res.get("ETag") == '"f"' and res.get("Accept-Ranges") == "bytes" and len(origin.asked(path)) >= 1
    assert texas.get(path, {**fields, "If-Range": '"f"'}).status == 206
    assert texas.get(path, {**fields, "If-Range": '"g"'}).status == 200


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl")
def test_curl_resumes(texas, origin):
    page, film = origin.on("/around/curl", strict('"v1"', PAGE)), origin.on("/around/curl.mp4", strict('"v1"', PAGE, type="video/mp4"))
    for path, ends in ((page, b"200"), (film, b"206")):
        got = subprocess.run(["curl", "-sS", "-r", "0-9", "-w", "%{http_code}", "-H", "Sec-GPC: 1", f"http://127.0.0.1:{texas.port}{path}"],
                             capture_output=True, check=True).stdout
        assert got.endswith(ends) and b"google-analytics" not in got


# ---- bytes, codings, transformations ----------------------------------------------------------------

def test_what_speaks_of_bytes(texas, origin):
    path = origin.on("/around/digests", answer(PAGE, OF_BYTES))
    res = texas.get(path, SAID_NO)
    assert filtered(res.body) and not any(res.has(name) for name in OF_BYTES)
    plain = texas.get(path, SAID_NOTHING)
    assert all(plain.get(name) == value for name, value in OF_BYTES.items())
    other = texas.get(origin.on("/around/digests.css", answer(b"a{}", OF_BYTES, type="text/css")), SAID_NO)
    assert all(other.get(name) == value for name, value in OF_BYTES.items())


def test_no_transform_is_the_owners_word_to_others(start, origin):
    """We act for the owner, who is told so, once."""
    proxy, path = start("--origin", origin.url, "--region", "us-tx"), "/around/no-transform"
    said = "warning: pages marked no-transform are filtered all the same"
    origin.on(path, answer(PAGE, {"Cache-Control": "no-transform, max-age=9"}))
    assert proxy.get(path, SAID_NOTHING).body == PAGE and said not in proxy.lines
    for _ in range(2):
        res = proxy.get(path, SAID_NO)
        assert filtered(res.body) and "no-transform" in res.get("Cache-Control")  # said to those behind us
    proxy.stop()
    assert proxy.lines.count(said) == 1


def test_signed_exchanges(texas, origin):
    path = origin.on("/around/sxg", answer(PAGE, type="application/signed-exchange;v=b3"))
    accept = "text/html,application/signed-exchange;v=b3;q=0.7,*/*;q=0.8"
    assert texas.get(path, {**SAID_NO, "Accept": accept}).status == 502
    assert origin.last(path).get("Accept") == "text/html,*/*;q=0.8"
    assert texas.get(path, {**SAID_NOTHING, "Accept": accept}).body == PAGE
    assert origin.last(path).get("Accept") == accept


def test_early_hints_end_here(texas, origin):
    """N06, N01: a 103 would make a browser connect, or store, before the page is judged."""
    def script(conn, _request):
        conn.sendall(head_bytes("HTTP/1.1 103 Early Hints", {"Link": "<https://www.google-analytics.com>; rel=preconnect",
                                                             "Set-Cookie": "_ga=GA1.1.1.1"}))
        conn.sendall(head_bytes("HTTP/1.1 102 Processing", {}) + answer(PAGE))
    path = origin.on("/around/103", script)
    for said in (SAID_NO, SAID_NOTHING):
        res = texas.get(path, said)
        assert res.status == 200 and not res.interim and not res.has("Link")
        assert not [c for c in res.all("Set-Cookie") if c.startswith("_ga")]


def test_dictionaries(texas, origin):
    """The hash of a dictionary says which page was seen before; what is packed with one cannot be read here."""
    path = origin.on("/around/dictionary", answer(b"a{}", {"Use-As-Dictionary": 'match="/*"'}, type="text/css"))
    asked = {"Available-Dictionary": ":eA==:", "Dictionary-ID": '"x"', "Accept-Encoding": "gzip, dcb, dcz"}
    assert not texas.get(path, {**SAID_NO, **asked}).has("Use-As-Dictionary")
    seen = origin.last(path)
    assert not seen.has("Available-Dictionary") and not seen.has("Dictionary-ID") and seen.get("Accept-Encoding") == "gzip"
    assert texas.get(path, {**SAID_NOTHING, **asked}).get("Use-As-Dictionary") == 'match="/*"'
    assert all(origin.last(path).get(n) == v for n, v in asked.items())


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_cannot_be_unpacked_is_refused(texas, origin, method):
    path = origin.on("/around/dcb", answer(PAGE, {"Content-Encoding": "dcb"}))
    assert texas.get(path, SAID_NO, method=method).status == 502
    assert texas.get(path, SAID_NOTHING, method=method).get("Content-Encoding") == "dcb"


def test_policies_of_the_site_hold_for_what_is_written(texas, origin):
    """Nothing inline is added, and a policy that refuses data: gets a picture of the site's own."""
    page = b"<!doctype html><title>t</title><img src='https://www.google-analytics.com/collect?v=1&tid=UA-1'><p>words and words"
    policy = "default-src 'self'; img-src 'self'; script-src 'self' 'nonce-x'"
    path = origin.on("/around/csp", answer(page, {"Content-Security-Policy": policy}))
    res = texas.get(path, SAID_NO)
    assert res.all("Content-Security-Policy") == [policy]
    assert b"/.well-known/tacet/1x1.gif" in res.body and b"data:" not in res.body and b"<script" not in res.body
    origin.on("/around/no-csp", answer(page))
    assert b"data:image/gif" in texas.get("/around/no-csp", SAID_NO).body


def test_trailers_end_here(texas, origin):
    """N01: digests and cookies in a trailer, declared or not, for anybody."""
    body = b"3\r\nabc\r\n0\r\nX-Late: 1\r\nRepr-Digest: x\r\nSet-Cookie: _ga=1\r\n\r\n"
    for type in ("text/plain", "text/html"):
        path = origin.on("/around/trailers", head_bytes("HTTP/1.1 200 OK", {
            "Content-Type": type, "Transfer-Encoding": "chunked", "Trailer": "X-Late, Repr-Digest"}) + body)
        for said in (SAID_NO, SAID_NOTHING):  # the reader of the harness takes no trailers
            res = texas.get(path, said)
            assert b"abc" in res.body and not res.has("Trailer") and not res.has("Repr-Digest")


# ---- caches -----------------------------------------------------------------------------------------

def vary(res):
    return {v.strip() for row in res.all("Vary") for v in row.split(",")}


@pytest.mark.parametrize("status", ["200 OK", "404 Not Found", "500 Oops"])
@pytest.mark.parametrize("said", [SAID_NO, SAID_NOTHING])
def test_every_page_is_kept_apart(sites, origin, status, said):
    path = origin.on("/around/apart", answer(PAGE, {"Cache-Control": "public, max-age=60, s-maxage=600", "Vary": "Cookie",
                                                    "CDN-Cache-Control": "max-age=600", "Surrogate-Control": "max-age=600"}, status))
    res = sites.get(path, said, host="private.test")
    assert vary(res) == {"Cookie", "Sec-GPC", "DNT"}
    assert res.all("Cache-Control") == ["private, max-age=60"] and not res.has("CDN-Cache-Control") and not res.has("Surrogate-Control")
    for mode in ("keyed", "none"):
        res = sites.get(path, said, host=f"{mode}.test")
        assert vary(res) == {"Cookie", "Sec-GPC", "DNT"}
        assert res.get("Cache-Control") == "public, max-age=60, s-maxage=600" and res.get("CDN-Cache-Control") == "max-age=600"


def test_what_is_no_page_is_left_to_caches(sites, origin):
    cache = {"Cache-Control": "public, max-age=60, s-maxage=600", "CDN-Cache-Control": "max-age=600"}
    for path, type in (("/around/c.css", "text/css"), ("/around/c.png", "image/png"), ("/raw/page", "text/html")):
        origin.on(path, answer(b"x" * 50, cache, type=type))
        for said in (SAID_NO, SAID_NOTHING):
            res = sites.get(path, said, host="private.test")
            assert not res.has("Vary") and all(res.get(n) == v for n, v in cache.items()), path


def test_what_has_no_type_may_be_a_page(sites, origin):
    """N26: browsers look at its bytes, and so do we; caches have to keep it apart before that."""
    for type in (None, "*/*", "unknown/unknown", "html"):
        path = origin.on("/around/untyped", answer(PAGE, {"Cache-Control": "public", **({"Content-Type": type} if type else {})}, type=None))
        res = sites.get(path, SAID_NO, host="private.test")
        assert filtered(res.body), type
        for res in (res, sites.get(path, SAID_NOTHING, host="private.test")):
            assert "Sec-GPC" in vary(res) and res.get("Cache-Control") == "private", type


def test_untyped_bytes_that_are_no_page_arrive(sites, origin):
    """N26, the other way: what does not look like HTML is not edited."""
    for body in (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, b"plain words about www.google-analytics.com", b"%PDF-1.7", b"", b"<", b"<x"):
        path = origin.on("/around/untyped-other", answer(body, type=None))
        assert sites.get(path, SAID_NO, host="private.test").body == body
    typed = origin.on("/around/typed", answer(PAGE, type="text/plain"))
    assert sites.get(typed, SAID_NO, host="private.test").body == PAGE


# ---- the origin knows the person --------------------------------------------------------------------

def test_an_account_that_said_no_gets_no_old_copy(sites, origin):
    """That nothing has changed speaks of the copy made before: the origin is asked for all of it."""
    for account in ("opt-out", "opt-in"):
        path = origin.on(f"/around/account/{account}", strict('"v1"', PAGE, {"Privacy-Account-Choice": account}))
        res = sites.get(path, {**SAID_NOTHING, "If-None-Match": '"v1"', "If-Modified-Since": DATE}, host="keyed.test")
        assert not res.has("Privacy-Account-Choice")
        if account == "opt-in":
            assert res.status == 304 and len(origin.asked(path)) == 1
            continue
        assert res.status == 200 and filtered(res.body) and res.get("ETag").startswith('W/"v1;tc')
        assert not origin.last(path).has("If-None-Match") and len(origin.asked(path)) == 2
        style = origin.on("/around/account.css", strict('"s"', b"a{}", {"Privacy-Account-Choice": "opt-out"}, type="text/css"))
        res = sites.get(style, {"Sec-Fetch-Dest": "style", "If-None-Match": '"s"'}, host="keyed.test")
        assert res.status in (200, 304)


def test_an_account_that_said_no_gets_no_part_of_a_page(sites, origin):
    path = origin.on("/around/account-part", strict('"v1"', PAGE, {"Privacy-Account-Choice": "opt-out"}))
    res = sites.get(path, {**SAID_NOTHING, "Range": "bytes=0-9"}, host="keyed.test")
    assert res.status == 200 and filtered(res.body)
