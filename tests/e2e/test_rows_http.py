"""
The rows of level A in html.md 3.3, one after the other: what must go for a visitor who said no, what must stay for him,
and that a visitor who said nothing gets and sends what was sent.
"""
import pytest

from harness import answer, chunked_answer, head_bytes

SAID_NO = {"Sec-GPC": "1", "Sec-Fetch-Dest": "document"}
SAID_NOTHING = {"Sec-Fetch-Dest": "document"}
TRACKER = "https://www.google-analytics.com"
OTHER = "https://cdn.partner.example"  # on no list
STATUSES = ["200 OK", "302 Found", "304 Not Modified", "404 Not Found", "500 Oops"]


def of(proxy, origin, fields, said=SAID_NO, status="200 OK", type="text/html; charset=utf-8", path="/rows/one", **kw):
    """The answer to one who said no (or nothing), of an origin that answers with these fields."""
    body = b"" if status.startswith("304") else b"<!doctype html><title>t</title><p>x"
    origin.on(path, answer(body, fields, status=status, type=type, length=not status.startswith("304")))
    return proxy.get(path, said, **kw)


def becomes(proxy, origin, name, sent, left, **kw):
    """A field's value for one who said no; None: it goes. For one who said nothing it is what it was."""
    said = {"type": "application/json", **kw}  # on pages some have rows of ours besides
    assert of(proxy, origin, {name: sent}, **said).all(name) == ([] if left is None else [left]), (name, sent)
    assert of(proxy, origin, {name: sent}, SAID_NOTHING, **said).all(name) == [sent], (name, sent)


# ---- N01, N02, N28: what says who a visitor is ------------------------------------------------------

@pytest.mark.parametrize("status", STATUSES)
def test_n01_set_cookie(texas, origin, status):
    """N01: tracking cookies go from every answer, by name; the site's own stay as they are."""
    cookies = [("Set-Cookie", "_ga=GA1.1.5.5; Path=/; Max-Age=63072000"), ("Set-Cookie", "sid=1; Path=/; HttpOnly"),
               ("Set-Cookie", "_gallery=2"), ("Location", "/")]
    res = of(texas, origin, cookies, status=status, type="image/gif")
    assert res.all("Set-Cookie") == ["sid=1; Path=/; HttpOnly", "_gallery=2"]
    assert of(texas, origin, cookies, SAID_NOTHING, status=status, type="image/gif").all("Set-Cookie") == [v for n, v in cookies[:3]]


def test_n01_cookies_that_are_held_end(texas, origin):
    """N01: a known one that the browser sends is expired; no other."""
    ended = of(texas, origin, {}, {**SAID_NO, "Cookie": "_ga=1; sid=2"}).all("Set-Cookie")
    assert [c for c in ended if c.startswith("_ga=;")] and not [c for c in ended if c.startswith("sid")]


def test_n02_cookie(texas, origin):
    """N02: the origin sees none of them; what is left is in order."""
    for said, sent in ((SAID_NO, "a=1; b=2"), (SAID_NOTHING, "a=1; _ga=1; b=2; _fbp=fb.1.2.3")):
        of(texas, origin, {}, {**said, "Cookie": "a=1; _ga=1; b=2; _fbp=fb.1.2.3"})
        assert origin.last("/rows/one").all("Cookie") == [sent]


def test_n28_click_ids(texas, origin):
    """N28: dropped from the query, and from it alone."""
    origin.on("/rows/clicked", answer("x"))
    for said, target in ((SAID_NO, "/rows/clicked?a=1&q=gclid"), (SAID_NOTHING, "/rows/clicked?gclid=X&a=1&q=gclid")):
        texas.get("/rows/clicked?gclid=X&a=1&q=gclid", said)
        assert origin.last("/rows/clicked").target == target


# ---- N04, N06, N14: what makes a browser ask a tracker -----------------------------------------------

@pytest.mark.parametrize("sent, stays", [
    (f"0; url={TRACKER}/r", False), (f"5;URL='{TRACKER}/r'", False), (f"3, //{TRACKER[8:]}", False), (f"0; {TRACKER}", False),
    ("5", True), ("0; url=/next", True), (f"0; url={OTHER}/x?{TRACKER}", True), ("", True)])
def test_n04_refresh(texas, origin, sent, stays):
    """N04: one to a tracker goes whole, for an empty address loads the page again for ever."""
    becomes(texas, origin, "Refresh", sent, sent if stays else None)


@pytest.mark.parametrize("rel", ["preload; as=script", "preconnect", "dns-prefetch", "modulepreload", "prefetch", "stylesheet", "prerender",
                                 '"next\tpreconnect"', '"PRELOAD"; as=script'])
def test_n06_link(texas, origin, rel):
    """N06: members with tracker hosts go, in every answer; other hosts, other relations and what stands beside stay."""
    sent = f"</a.css>; rel=preload; as=style, <{TRACKER}/analytics.js>; rel={rel}, <{OTHER}/x>; rel={rel}"
    left = f"</a.css>; rel=preload; as=style, <{OTHER}/x>; rel={rel}"
    becomes(texas, origin, "Link", sent, left)
    becomes(texas, origin, "Link", f"<{TRACKER}/analytics.js>; rel={rel}", None)
    for status in STATUSES:
        assert of(texas, origin, {"Link": sent, "Location": "/"}, status=status).all("Link") == [left]


def test_n06_link_other_relations(texas, origin):
    """N06: what makes no request stays, wherever it points."""
    for rel in ("canonical", "alternate", "next", "license", '"https://api.w.org/"'):
        becomes(texas, origin, "Link", f"<{TRACKER}/>; rel={rel}", f"<{TRACKER}/>; rel={rel}")


def test_n06_early_hints(texas, origin):
    """N06: in a 103 nobody gets any."""
    def script(conn, _request):
        conn.sendall(head_bytes("HTTP/1.1 103 Early Hints", {"Link": f"<{TRACKER}>; rel=preconnect"}) + answer("<p>x"))
    origin.on("/rows/103", script)
    assert texas.get("/rows/103", SAID_NO).interim == [] and texas.get("/rows/103").interim == []


def test_n14_speculation_rules(texas, origin):
    """N14: the file that it names was not read, so it goes; that a page is loaded ahead of time by others stays."""
    becomes(texas, origin, "Speculation-Rules", '"/rules.json"', None)
    becomes(texas, origin, "Speculation-Rules", f'"{OTHER}/rules.json"', None)
    becomes(texas, origin, "Supports-Loading-Mode", "credentialed-prerender", "credentialed-prerender")


# ---- N05, N27: the site's own paths -----------------------------------------------------------------

HIT = "/rows/g/collect?v=2&tid=G-TEST123&cid=1.2"


def ends_here(texas, origin, target, fields, **kw):
    """The answer, given without the origin."""
    before = len(origin.requests)
    res = texas.get(target, {"Sec-GPC": "1", **fields}, **kw)
    assert len(origin.requests) == before, "the origin was asked"
    assert not res.has("Set-Cookie") and res.get("Cache-Control") == "no-store"
    return res


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "OPTIONS", "PURGE"])
def test_n05_beacon(texas, origin, method):
    """N05: 204, whatever the method; where nobody said no it is the origin's."""
    body = b"en=page_view" if method in ("POST", "PUT") else None
    for dest in ("empty", "iframe", "font"):
        res = ends_here(texas, origin, HIT, {"Sec-Fetch-Dest": dest}, method=method, body=body)
        assert res.status == 204 and res.body == b"" and not res.has("Content-Type")
    origin.on("/rows/g/collect", answer(b"theirs"))
    texas.get(HIT, {"Sec-Fetch-Dest": "empty"}, method=method, body=body)
    assert origin.last("/rows/g/collect").method == method


@pytest.mark.parametrize("dest, type, begins", [("image", "image/gif", b"GIF89a"), ("script", "/javascript; charset=utf-8", b"")])
def test_n05_image_and_script(texas, origin, dest, type, begins):
    """N05: a picture for an image, a script for a script; HEAD says the same."""
    target = HIT if dest == "image" else "/rows/gtag/js?id=G-TEST12345"
    got, head = (ends_here(texas, origin, target, {"Sec-Fetch-Dest": dest}, method=m) for m in ("GET", "HEAD"))
    assert got.status == 200 and got.get("Content-Type").endswith(type) and got.body.startswith(begins)
    assert head.status == 200 and head.body == b"" and head.get("Content-Length") == str(len(got.body))


@pytest.mark.parametrize("size", [0, 1, 60_000, 100_000, 3_000_000])
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_n05_large_bodies(texas, origin, size, framing):
    """N05: a hit of any size gets its answer, and nothing of it goes on. One of 64 KiB leaves the connection in use."""
    with texas.client() as c:
        if framing == "length":
            c.ask(HIT, {"Sec-GPC": "1", "Sec-Fetch-Dest": "empty"}, "POST", b"x" * size)
        else:
            c.send(head_bytes(f"POST {HIT} HTTP/1.1", {"Host": "www.example.test", "Sec-GPC": "1", "Sec-Fetch-Dest": "empty",
                                                       "Transfer-Encoding": "chunked"}))
            c.send((b"%x\r\n%s\r\n" % (size, b"x" * size) if size else b"") + b"0\r\n\r\n")
        assert c.answer().status == 204
        if size <= 60_000:
            assert c.get("/rows/after", {"Sec-GPC": "1"}).status == 200
    assert not [r for r in origin.asked("/rows/g/collect") if r.has("Sec-GPC")]


def test_n05_a_body_that_waits_to_be_asked_for(texas, origin):
    """N05: nobody needs to send what nobody will read."""
    with texas.client() as c:
        c.ask(HIT, {"Sec-GPC": "1", "Expect": "100-continue", "Content-Length": "1000"}, "POST")
        res = c.answer()
        assert res.status == 204 and not res.interim


@pytest.mark.parametrize("signal", [{"Sec-GPC": "1"}, {"DNT": "1"}])
def test_n05_other_hosts_of_the_site(texas, origin, signal):
    """N05: the site's pages may live on another host: what they ask ends here, and looks to them like an answer."""
    page = {"Origin": "https://shop.example.test", **signal}
    before = len(origin.requests)
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type,x-own"}
    may = texas.get(HIT, {**page, **asked}, method="OPTIONS", host="metrics.example.test")
    assert may.status == 204 and may.get("Access-Control-Allow-Origin") == page["Origin"]
    assert may.get("Access-Control-Allow-Methods") == "POST" and may.get("Access-Control-Allow-Headers") == "content-type,x-own"
    assert may.get("Access-Control-Allow-Credentials") == "true"
    res = texas.get(HIT, {**page, "Content-Type": "application/json"}, "POST", b"{}", host="metrics.example.test")
    assert res.status == 204 and res.get("Access-Control-Allow-Origin") == page["Origin"]
    assert len(origin.requests) == before


def test_n05_nobody_else_may_ask(texas, germany, origin):
    """N05: a yes is given only where the fetch itself cannot be decided otherwise, and only to the site."""
    asked = {"Access-Control-Request-Method": "PUT"}
    for proxy, fields in ((texas, {"Origin": "https://evil.example", "Sec-GPC": "1"}), (texas, {"Origin": "null", "Sec-GPC": "1"}),
                          (germany, {"Origin": "https://shop.example.test"})):
        before = len(origin.requests)
        res = proxy.get(HIT, {**fields, **asked}, method="OPTIONS")
        assert res.status == 204 and not res.has("Access-Control-Allow-Origin")
        assert len(origin.requests) == before
    origin.on("/rows/api", answer(b"", {"Access-Control-Allow-Origin": "*"}, "204 No Content", None, length=False))
    res = texas.get("/rows/api?tid=1", {"Origin": "https://evil.example", "Sec-GPC": "1", **asked}, method="OPTIONS")
    assert res.get("Access-Control-Allow-Origin") == "*" and origin.last("/rows/api").method == "OPTIONS"


def test_n05_documents_are_the_origins(texas, origin):
    """N05: what a person opens is a page, whatever its address looks like; so are other paths."""
    for target, dest in ((HIT, "document"), ("/rows/collect", "empty"), ("/rows/collection?v=2&xtid=G-1", "empty"), ("/rows/app.js?id=5", "script")):
        path = origin.on(target.split("?")[0], answer("theirs", type="text/plain"))
        assert texas.get(target, {"Sec-GPC": "1", "Sec-Fetch-Dest": dest}).text == "theirs", target
        assert origin.asked(path)


WEBSOCKET = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "x3JJHMbDL1EzLkh9GBhXDw==",
             "Sec-Fetch-Dest": "websocket", "Sec-Fetch-Mode": "websocket"}


def echo(conn, request):
    conn.sendall(head_bytes("HTTP/1.1 101 Switching Protocols", [
        ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Set-Cookie", "_ga=GA1.1.1.1"), ("Set-Cookie", "sid=1")]))
    conn.sendall(b"echo " + request.reader.exactly(4))
    return False


def test_n27_websocket(texas, origin):
    """N27: passes, and with it the fields' rows (N01, N02); for trackers' paths there is none."""
    origin.on("/rows/ws", echo)
    with texas.client() as c:
        c.ask("/rows/ws?gclid=1&a=1", {**WEBSOCKET, "Sec-GPC": "1", "Cookie": "_ga=1; sid=1"})
        head = c.answer()
        assert head.status == 101 and head.all("Set-Cookie") == ["sid=1"]
        c.send(b"ping")
        assert c.reader.exactly(9) == b"echo ping"
    asked = origin.last("/rows/ws")
    assert asked.get("Cookie") == "sid=1" and asked.target == "/rows/ws?a=1"
    origin.on("/rows/ws/g/collect", echo)
    target = "/rows/ws/g/collect?v=2&tid=G-TEST123"
    with texas.client() as c:
        assert c.get(target, {**WEBSOCKET, "Sec-GPC": "1"}).status == 204
    assert not origin.asked("/rows/ws/g/collect")
    with texas.client() as c:
        c.ask(target, WEBSOCKET)
        assert c.answer().status == 101 and origin.asked("/rows/ws/g/collect")
        c.send(b"ping")
        assert c.reader.exactly(9) == b"echo ping"


# ---- N07, N08: reports about what a visitor loads ----------------------------------------------------

COLLECTOR = "https://collector.example/r"


@pytest.mark.parametrize("name, sent, left", [
    ("Reporting-Endpoints", f'main="/reports", x="{COLLECTOR}"', 'main="/reports"'),
    ("Reporting-Endpoints", f'x="{COLLECTOR}"', None), ("Reporting-Endpoints", 'main="https://r.example.test/r"', 'main="https://r.example.test/r"'),
    ("Report-To", f'{{"group":"g","max_age":9,"endpoints":[{{"url":"{COLLECTOR}"}}]}}', None),
    ("Report-To", '{"group":"g","max_age":9,"endpoints":[{"url":"/r"}]}', '{"group":"g","max_age":9,"endpoints":[{"url":"/r"}]}'),
    ("NEL", '{"report_to":"g","max_age":2592000}', '{"max_age":0}'), ("NEL", '{"max_age":0}', '{"max_age":0}')])
def test_n07_reporting(texas, origin, name, sent, left):
    """N07: nobody else is told; what the browser remembers of NEL is cleared. Reports to the site itself stay."""
    becomes(texas, origin, name, sent, left)


def test_n07_nel_stays_with_its_group(texas, origin):
    """N07: where its group is the site's own."""
    fields = {"NEL": '{"report_to":"g","max_age":9}', "Report-To": '{"group":"g","max_age":9,"endpoints":[{"url":"/r"}]}'}
    for said in (SAID_NO, SAID_NOTHING):
        res = of(texas, origin, fields, said)
        assert all(res.get(name) == value for name, value in fields.items())


@pytest.mark.parametrize("name, policy, own", [
    ("Content-Security-Policy", "default-src 'self'", "default-src 'self'; report-uri /csp"),
    ("Content-Security-Policy-Report-Only", "default-src 'self'", "default-src 'self'; report-uri /csp https://r.example.test/csp")])
def test_n08_report_uri(texas, origin, name, policy, own):
    """N08: the part that reports to others goes, the policy stays; one that reports to the site stays whole."""
    becomes(texas, origin, name, f"{policy}; report-uri {COLLECTOR}", policy)
    becomes(texas, origin, name, f"{policy}; report-to nobody; upgrade-insecure-requests", f"{policy}; upgrade-insecure-requests")
    becomes(texas, origin, name, own, own)
    becomes(texas, origin, name, policy, policy)


@pytest.mark.parametrize("name, policy, report", [
    ("Expect-CT", "max-age=86400, enforce", f', report-uri="{COLLECTOR}"'), ("Cross-Origin-Opener-Policy", "same-origin", '; report-to="g"'),
    ("Cross-Origin-Opener-Policy-Report-Only", "same-origin", '; report-to="g"'), ("Cross-Origin-Embedder-Policy", "require-corp", '; report-to="g"'),
    ("Cross-Origin-Embedder-Policy-Report-Only", "require-corp", '; report-to="g"'), ("Document-Policy", "js-profiling", ";report-to=g"),
    ("Document-Policy-Report-Only", "js-profiling", ";report-to=g"), ("Permissions-Policy-Report-Only", "camera=()", ";report-to=g")])
def test_n08_report_to(texas, origin, name, policy, report):
    """N08: the same in other policies; a group of the site's own is kept."""
    becomes(texas, origin, name, policy + report, policy)
    becomes(texas, origin, name, policy, policy)
    if "report-to" in report:
        fields = {name: policy + report, "Reporting-Endpoints": 'g="/reports"'}
        assert of(texas, origin, fields).get(name) == policy + report


# ---- N09 to N12: browsers' own machinery -------------------------------------------------------------

@pytest.mark.parametrize("name", ["Register-Source", "Register-Trigger", "Register-OS-Source", "Register-OS-Trigger", "Info", "Whatever-Comes"])
def test_n09_attribution(texas, origin, name):
    """N09: goes from every answer; nothing else of that kind of name."""
    becomes(texas, origin, f"Attribution-Reporting-{name}", "x", None)
    becomes(texas, origin, f"Attribution-{name}", "x", "x")


@pytest.mark.parametrize("name, stays", [
    ("Observe-Browsing-Topics", False), ("Shared-Storage-Write", False), ("Ad-Auction-Allowed", False), ("Ad-Auction-Signals", False),
    ("Ad-Auction-Additional-Bid", False), ("Supports-Loading-Mode", True), ("Set-Login", True), ("Clear-Site-Data", True), ("SourceMap", True)])
def test_n10_advertising(texas, origin, name, stays):
    """N10: topics, shared storage and auctions go; what pages need to work stays."""
    becomes(texas, origin, name, "?1", "?1" if stays else None)


@pytest.mark.parametrize("name, stays", [
    ("Sec-Browsing-Topics", False), ("X-Client-Data", False), ("Sec-Shared-Storage-Writable", False), ("Attribution-Reporting-Eligible", False),
    ("Attribution-Reporting-Support", False), ("Sec-Ad-Auction-Fetch", False), ("Sec-CH-UA-Model", False), ("Sec-CH-UA-Mobile", True),
    ("Sec-CH-UA", True), ("Sec-Fetch-Site", True), ("Sec-Purpose", True), ("User-Agent", True), ("X-Requested-With", True)])
def test_n11_request_fields(texas, origin, name, stays):
    """N11 (and N13): the origin is not told what the browser adds for advertisers; the rest it is."""
    of(texas, origin, {}, {**SAID_NO, name: "x"})
    assert origin.last("/rows/one").all(name) == (["x"] if stays else [])
    of(texas, origin, {}, {**SAID_NOTHING, name: "x"})
    assert origin.last("/rows/one").all(name) == ["x"]


@pytest.mark.parametrize("name, sent, left", [
    ("Accept-CH", "Sec-CH-UA-Model, Sec-CH-UA-Full-Version-List", None), ("Accept-CH", "DPR, Sec-CH-UA-Arch, Width, Save-Data", "DPR, Width, Save-Data"),
    ("Accept-CH", "Sec-CH-UA, Sec-CH-UA-Mobile", "Sec-CH-UA, Sec-CH-UA-Mobile"), ("Critical-CH", "Sec-CH-UA-Model", None),
    ("Critical-CH", "Sec-CH-Prefers-Color-Scheme", "Sec-CH-Prefers-Color-Scheme"), ("Accept-CH-Lifetime", "86400", None)])
def test_n12_client_hints(texas, origin, name, sent, left):
    """N12: a page may not ask what device it is; how wide a picture should be it may."""
    becomes(texas, origin, name, sent, left)


# ---- N15, N20, N21: what pages are told --------------------------------------------------------------

DENIED = ["browsing-topics", "attribution-reporting", "join-ad-interest-group", "run-ad-auction", "private-aggregation", "shared-storage",
          "shared-storage-select-url", "interest-cohort", "ch-ua-arch", "ch-ua-bitness", "ch-ua-full-version-list", "ch-ua-model",
          "ch-ua-platform-version", "ch-ua-wow64"]


def dictionary(res):
    """The rows of Permissions-Policy as browsers join and read them: the last of one name counts."""
    whole = ", ".join(res.all("Permissions-Policy"))
    members = [m.strip() for m in whole.split(",")]
    assert all("=" in m and m[0].islower() for m in members), whole  # else all of it is ignored
    return dict(m.split("=", 1) for m in members)


@pytest.mark.parametrize("rows, kept", [
    ([], {}), (["camera=(), geolocation=(self)"], {"camera": "()", "geolocation": "(self)"}),
    (["browsing-topics=*", "run-ad-auction=(self)"], {}), (["camera=()", "microphone=()"], {"camera": "()", "microphone": "()"}),
    (["camera 'none'"], {}), ([""], {}), (["camera=(),"], {}), (["camera=()", "fullscreen 'self'"], {"camera": "()"})])
def test_n15_n20_permissions_policy(texas, origin, rows, kept):
    """N15, N20: every denial is in force whatever the site says, and what the site says otherwise still is."""
    fields = [("Permissions-Policy", row) for row in rows]
    said = dictionary(of(texas, origin, fields))
    assert all(said[name] == "()" for name in DENIED)
    assert {n: v for n, v in said.items() if n not in DENIED and not n.startswith("ch-ua-")} == kept
    assert of(texas, origin, fields, SAID_NOTHING).all("Permissions-Policy") == rows
    assert of(texas, origin, fields, type="application/json").all("Permissions-Policy") == rows


@pytest.mark.parametrize("sent, told", [
    (None, "strict-origin-when-cross-origin"), ("unsafe-url", "strict-origin-when-cross-origin"), ("origin", "strict-origin"),
    ("no-referrer-when-downgrade", "strict-origin-when-cross-origin"), ("no-referrer, unsafe-url", "strict-origin-when-cross-origin"),
    ("no-referrer", "no-referrer"), ("same-origin", "same-origin"), ("strict-origin", "strict-origin"),
    ("unsafe-url, same-origin", "unsafe-url, same-origin"), ("strict-origin-when-cross-origin", "strict-origin-when-cross-origin")])
def test_n21_referrer_policy(texas, origin, sent, told):
    """N21: raised where it is weaker or missing, left where it is not; and no names are looked up ahead."""
    fields = {"Referrer-Policy": sent} if sent else {}
    res = of(texas, origin, {**fields, "X-DNS-Prefetch-Control": "on"})
    assert res.all("Referrer-Policy") == [told] and res.all("X-DNS-Prefetch-Control") == ["off"]
    plain = of(texas, origin, {**fields, "X-DNS-Prefetch-Control": "on"}, SAID_NOTHING)
    assert plain.all("Referrer-Policy") == ([sent] if sent else []) and plain.all("X-DNS-Prefetch-Control") == ["on"]
    assert not of(texas, origin, {}, type="text/css").has("Referrer-Policy")


# ---- N26: what is said of the bytes ------------------------------------------------------------------

TAG = b"<script src='https://www.google-analytics.com/analytics.js'></script>"


@pytest.mark.parametrize("type, edited", [
    (None, True), ("", True), ("*/*", True), ("html", True), ("unknown/unknown", True), ("application/unknown", True), ("text/html;charset", True),
    ("TEXT/HTML", True), ("text/plain, text/html", True), ("text/html, nonsense", True),
    ("text/plain", False), ("text/html, text/plain", False), ("application/octet-stream", False), ("application/json", False),
    ("application/xhtml+xml", False), ("text/xml", False), ("image/svg+xml", False)])
@pytest.mark.parametrize("how", ["length", "chunked"])
def test_n26_content_type(texas, origin, type, edited, how):
    """N26: a page is what browsers take for one. XML is not rewritten; where it is opened as a page it is told as one (N15)."""
    page = b"<!doctype html><title>t</title>" + TAG
    fields = {"Content-Type": type} if type is not None else {}
    make = answer if how == "length" else chunked_answer
    path = origin.on("/rows/type", make(page, fields, type=None, **({} if how == "length" else {"size": 1})))
    res = texas.get(path, SAID_NO)
    assert (TAG not in res.body) == edited, type
    assert res.has("Permissions-Policy") == (edited or "xml" in type)
    assert texas.get(path, SAID_NOTHING).body == page


@pytest.mark.parametrize("body", [b"GIF89a" + TAG, b"plain " + TAG, b"<?xml version='1.0'?>" + TAG, b"%PDF-1.7 " + TAG, b"\xff\xd8\xff" + TAG, b""])
def test_n26_bytes_that_are_no_page(texas, origin, body):
    """N26: without a type, what does not begin as HTML is not touched."""
    path = origin.on("/rows/bytes", answer(body, type=None))
    assert texas.get(path, SAID_NO).body == body
