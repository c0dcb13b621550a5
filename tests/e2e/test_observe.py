"""`mode: observe`: nothing is changed, and what would be removed is counted; of requests and pages nothing else is kept."""
import gzip
import json
import os
import re
import subprocess
import threading
import zlib

import pytest

from harness import Client, answer, chunked_answer, get, sanitized, tacet_path, total, wait_until

HOST = "www.shop.example"
CANARY = "c4n4ryObs"
CONF = """
version: 1
listen: [{{address: "127.0.0.1:0"}}]
admin: {{address: "127.0.0.1:0", socket: {socket}}}
lists: {{use: [built-in, easyprivacy]}}
stats: {{privacy: {{k: 5}}}}
sites:
  - hosts: [{host}]
    mode: {mode}
    origin: {{url: "{url}"}}
    keep_cookies: [basket]
    routes:
      - {{name: mail-open, match: /o.gif, type: open}}
      - {{name: kids, match: /kids/*, force: opt-out}}
{more}
rule_sets:
  said-no:
    cookies: {{request: drop-listed, response: drop-listed}}
    query: {{strip: [click-ids]}}
    scripts: {{remove: [analytics, advertising, personalisation, social]}}
    status: "Opt-Out Request Honored"
    bridge: [usprivacy]
    contain: enforce
  light: {{}}
regions: [{{name: rest, where: ["*"], default: light, opted_out: said-no}}]
"""
PAGE = """<!doctype html><html><head><title>t</title>
<script src="https://www.googletagmanager.com/gtm.js?id=%(c)s"></script>
<link rel="preconnect" href="https://www.google-analytics.com">
</head><body><img src="https://www.facebook.com/tr?id=%(c)s&ev=PageView">
<script src="https://cdn.made-up.example.net/%(c)s.js?q=%(c)s"></script>
<iframe src="https://www.youtube.com/embed/abc"></iframe>
<a href="/next?gclid=%(c)s">next</a><!-- privacy-choices --></body></html>""" % {"c": CANARY}
SIGNALS = [("none", {}), ("gpc", {"Sec-GPC": "1"}), ("odd gpc", {"Sec-GPC": "0"}), ("dnt", {"DNT": "1"}),
           ("page", {"Sec-GPC": "1", "Sec-Fetch-Dest": "document", "Accept": "text/html", "Accept-Encoding": "gzip, br"})]


def configure(tmp_path, url, mode="observe", more=""):
    conf = tmp_path / f"{mode}.yaml"
    conf.write_text(CONF.format(url=url, mode=mode, host=HOST, socket=tmp_path / f"{mode}.sock", more=more))
    return conf


@pytest.fixture
def proxy(start, fresh_origin, tmp_path):
    tacet = start("-c", configure(tmp_path, fresh_origin.url), listen=False)
    tacet.socket = tmp_path / "observe.sock"
    return tacet


def shown(proxy):
    res = get(proxy.admin, "/api/v1/inventory", host=f"127.0.0.1:{proxy.admin}")
    assert res.status == 200 and res.get("Content-Type") == "application/json"
    said = json.loads(res.text)
    assert said["k"] == 5 and len(said["sites"]) <= 1
    return said["sites"][0] if said["sites"] else {"items": [], "responses": 0, "given_up": 0, "not_kept": 0}


def after(proxy, responses):
    """The inventory once so many responses are over, which they are a moment after the visitor has them."""
    return wait_until(lambda: (s := shown(proxy))["responses"] >= responses and s, f"{responses} responses")


def names(inventory, what):
    return {i["name"] for i in inventory["items"] if i["what"] == what}


def run(*args, code=0):
    done = subprocess.run([tacet_path(), *map(str, args)], capture_output=True, text=True, timeout=60)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return done.stdout


# ---- nothing is changed ---------------------------------------------------------------------------------------------

EDGE = {"x-forwarded-host", "x-forwarded-proto"}


@pytest.mark.parametrize("what, signal", SIGNALS)
def test_the_origin_and_the_visitor_get_what_was_sent(proxy, fresh_origin, what, signal):
    fields = [("Host", HOST), ("User-Agent", "x"), *signal.items(), ("Cookie", "_ga=GA1.2.1.2; basket=1; _fbp=fb.1; sid=9"),
              ("Referer", "https://elsewhere.example/a?gclid=1"), ("X-Client-Data", "abc"), ("If-None-Match", 'W/"a;tc01234567", "b"'),
              ("If-Modified-Since", "Mon, 01 Jan 2024 00:00:00 GMT"), ("Sec-Browsing-Topics", "(1 2);v=chrome.1:1:1")]
    sent = [("Set-Cookie", "_ga=1; Path=/"), ("Set-Cookie", "basket=2"), ("ETag", '"v1"'), ("Cache-Control", "public, max-age=60"),
            ("Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT"), ("Link", "<https://www.google-analytics.com>; rel=preconnect"),
            ("Content-Security-Policy", "default-src 'self' https://www.google-analytics.com"), ("NEL", "{}"),
            ("Accept-CH", "Sec-CH-UA-Model"), ("Date", "Mon, 01 Jan 2024 00:00:00 GMT"), ("Server", "s"), ("Tk", "T"), ("Digest", "x"), ("Content-Type", "text/html")]
    target = "/page?gclid=1&utm_source=x&_ga=2.1&a=b"
    fresh_origin.on("/page", answer(PAGE, sent))
    res = proxy.get(target, fields, host=HOST)
    asked = fresh_origin.last("/page")
    assert asked.start == f"GET {target} HTTP/1.1"
    assert [f for f in asked.fields if f[0].lower() not in EDGE] == fields, "as it came, in its order"
    assert {n.lower() for n, _ in asked.fields} - {n.lower() for n, _ in fields} == EDGE
    assert res.body == PAGE.encode()
    assert sorted(res.fields) == sorted([*sent, ("Content-Length", str(len(PAGE)))]), "no field more, none less"
    assert res.start == "HTTP/1.1 200 OK"


def test_codings_methods_ranges_and_framings(proxy, fresh_origin):
    packed = gzip.compress(PAGE.encode())
    fresh_origin.on("/gz", answer(packed, {"Content-Encoding": "gzip"}))
    fresh_origin.on("/chunks", chunked_answer(PAGE.encode(), size=7))
    fresh_origin.on("/part", answer(PAGE[:50], {"Content-Range": f"bytes 0-49/{len(PAGE)}"}, status="206 Partial Content"))
    fresh_origin.on("/same", answer(b"", {"ETag": '"v"'}, status="304 Not Modified", length=False))
    fresh_origin.on("/odd", answer(b"\x00\xff" * 100, {"Content-Encoding": "made-up"}))
    fresh_origin.on("/broken", answer(packed[:60], {"Content-Encoding": "gzip"}))
    gpc = {"Sec-GPC": "1", "Accept-Encoding": "gzip"}
    res = proxy.get("/gz", gpc, host=HOST)
    assert res.body == packed and res.get("Content-Encoding") == "gzip" and res.framing == "length"
    res = proxy.get("/chunks", gpc, host=HOST)
    assert res.text == PAGE and res.framing == "chunked"
    res = proxy.get("/part", {**gpc, "Range": "bytes=0-49"}, host=HOST)
    assert res.status == 206 and res.text == PAGE[:50] and fresh_origin.last("/part").get("Range") == "bytes=0-49"
    assert len(fresh_origin.asked("/part")) == 1, "asked once: nothing is wanted whole"
    assert proxy.get("/same", {**gpc, "If-None-Match": '"v"'}, host=HOST).status == 304
    assert proxy.get("/odd", gpc, host=HOST).body == b"\x00\xff" * 100, "what filters would refuse"
    assert proxy.get("/broken", gpc, host=HOST).body == packed[:60]
    res = proxy.get("/gz", gpc, "HEAD", host=HOST)
    assert res.get("Content-Length") == str(len(packed)) and fresh_origin.last("/gz").get("Accept-Encoding") == "gzip"
    assert proxy.get("/post?fbclid=1", gpc, "POST", b"x" * 100000, host=HOST).status == 200
    assert fresh_origin.last("/post").body == b"x" * 100000 and fresh_origin.last("/post").target == "/post?fbclid=1"
    said = after(proxy, 8)
    assert said["given_up"] >= 2, "the odd and the broken one"
    assert total(proxy.metrics(), "tacet_observed_responses_given_up_total") == said["given_up"]
    assert total(proxy.metrics(), "tacet_filter_actions_total") == 0, "nothing was done"
    assert total(proxy.metrics(), "tacet_filter_bypass_total") == 0


def test_what_filters_would_answer_goes_to_the_origin(proxy, fresh_origin):
    fresh_origin.on("/o.gif", answer(b"theirs", type="image/gif"))
    fresh_origin.on("/g/collect", answer(b"", status="204 No Content", length=False, type=None))
    assert proxy.get("/o.gif?rid=1", host=HOST).body == b"theirs" and fresh_origin.last("/o.gif").target == "/o.gif?rid=1"
    assert proxy.get("/g/collect?v=2&tid=G-1&cid=1", {"Sec-GPC": "1"}, "POST", b"en=page_view", host=HOST).status == 204
    assert fresh_origin.last("/g/collect").body == b"en=page_view"
    fresh_origin.on("/kids/a", answer(PAGE))
    assert proxy.get("/kids/a", host=HOST).text == PAGE


def test_a_large_body_is_not_touched(proxy, fresh_origin):
    big = os.urandom(3 << 20)
    fresh_origin.on("/film", answer(big, type="video/mp4"))
    assert proxy.get("/film", {"Sec-GPC": "1"}, host=HOST).body == big
    page = (PAGE * 8000).encode()
    fresh_origin.on("/long", answer(page))
    assert proxy.get("/long", {"Sec-GPC": "1"}, host=HOST).body == page


def test_forged_fields_and_our_cookie_stay_ours(proxy, fresh_origin):
    """What the edge owes the origin in any mode: nobody else speaks for it."""
    proxy.get("/x", [("Host", HOST), ("Privacy-Decision", "in"), ("Tacet-Geo", "country=US"), ("X-Forwarded-For", "192.0.2.1"),
                     ("Cookie", "a=1; tacet_choice=v1.out.2026-11.1.AAAAAAAAAAAAAAAAAAAAAA; b=2")], host=HOST)
    asked = fresh_origin.last("/x")
    assert not asked.has("Privacy-Decision") and not asked.has("Tacet-Geo") and not asked.has("X-Forwarded-For")
    assert asked.all("Cookie") == ["a=1; b=2"]


def test_the_visitors_pages_are_there_and_do_not_boast(proxy):
    gpc = {"Sec-GPC": "1", "Accept": "text/html"}
    page = proxy.get("/privacy-choices", gpc, host=HOST)
    assert page.status == 200 and "<form" in page.text and "Opt-Out Request Honored" not in page.text
    assert "Opt-Out Request Honored" not in proxy.get("/privacy-choices/why", gpc, host=HOST).text
    assert json.loads(proxy.get("/.well-known/gpc.json", host=HOST).text)["gpc"] is False
    origin = f"http://{HOST}"
    saved = proxy.get("/privacy-choices", {"Origin": origin, "Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin",
                                           "Cookie": "_ga=1"}, "POST", b"choice=out", host=HOST)
    assert saved.status == 303 and all(c.startswith("tacet_choice=") for c in saved.all("Set-Cookie")), saved


# ---- the inventory --------------------------------------------------------------------------------------------------

def visit(proxy, fresh_origin, n=1, page=PAGE, set_cookie=(), target="/page", fields=()):
    fresh_origin.on("/page", answer(page, [("Set-Cookie", c) for c in set_cookie]))
    for _ in range(n):
        assert proxy.get(target, fields, host=HOST).text == page


def test_closed_names_at_once_made_up_ones_after_k(proxy, fresh_origin):
    cookies = ["_ga=1; Path=/", "basket=1", "made_up=1"]
    visit(proxy, fresh_origin, 1, set_cookie=cookies, target="/page?gclid=1&own=2")
    said = after(proxy, 1)
    by_name = {i["name"]: i for i in said["items"]}
    assert by_name["basket"]["class"] == "functional" and by_name["basket"]["would"] == "keep"
    assert {"_ga", "basket"} <= names(said, "cookie") and "gclid" in names(said, "parameter")
    assert any("Facebook" in n or "Meta" in n for n in names(said, "vendor")), names(said, "vendor")
    assert any("Google" in n for n in names(said, "vendor")) and any("YouTube" in n for n in names(said, "vendor"))
    assert not {"made_up", "own"} & set(by_name) and not names(said, "host")
    ga = by_name["_ga"]
    assert ga["class"] == "analytics" and ga["would"] == "remove" and ga["responses"] == 1
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", ga["first"]) and ga["first"] == ga["last"] == said["since"]
    visit(proxy, fresh_origin, 3, set_cookie=cookies)
    assert "made_up" not in names(after(proxy, 4), "cookie"), "four responses carried it, and k is five"
    visit(proxy, fresh_origin, 1, set_cookie=cookies)
    said = after(proxy, 5)
    assert "made_up" in names(said, "cookie") and names(said, "host") == {"example.net"}
    made_up = next(i for i in said["items"] if i["name"] == "made_up")
    assert made_up["class"] == "unknown" and made_up["would"] == "keep" and made_up["responses"] == 5


def test_the_same_for_everyone(start, fresh_origin, tmp_path):
    """Who asks makes no difference: who said no, who did not, and who opted in are one crowd."""
    seen = []
    for i, (_, signal) in enumerate(SIGNALS[:4]):
        (tmp_path / str(i)).mkdir()
        proxy = start("-c", configure(tmp_path / str(i), fresh_origin.url), listen=False)
        visit(proxy, fresh_origin, 5, set_cookie=["_ga=1", "x1=1"], fields=signal)
        seen.append(after(proxy, 5))
    assert all(s == seen[0] for s in seen[1:])


def test_ids_in_names_are_masked(proxy, fresh_origin):
    visit(proxy, fresh_origin, 5, set_cookie=["visit_1234_a=1", "s_4f9a8b7c6d5e4f3a=1", "mp_ab12cd34ef56_x=1", "v2=1"])
    assert {"visit_#_a", "s_#", "v#"} <= names(after(proxy, 5), "cookie")
    visit(proxy, fresh_origin, 5, set_cookie=["visit_777_a=1"])
    said = after(proxy, 10)
    assert next(i for i in said["items"] if i["name"] == "visit_#_a")["responses"] == 10, "one name, whatever its number"


def everything_written(proxy, tmp_path):
    """All that anybody could read of it."""
    admin = f"127.0.0.1:{proxy.admin}"
    texts = [get(proxy.admin, p, host=admin).text for p in ("/api/v1/inventory", "/metrics", "/api/v1/csp")]
    for form in ("text", "json", "yaml"):
        done = subprocess.run([tacet_path(), "audit", "--site", HOST, "--socket", str(proxy.socket), "--format", form],
                              capture_output=True, text=True, timeout=60)
        texts.append(done.stdout + done.stderr)
    return "\n".join([*texts, proxy.stderr(), *proxy.lines])


def test_nothing_of_a_visitor_is_kept(proxy, fresh_origin, tmp_path):
    """In the URL, query, field values, cookie values, page and, below k, in names and hosts."""
    page = PAGE.replace("cdn.made-up.example.net", f"{CANARY.lower()}.example")
    for i in range(12):
        visit(proxy, fresh_origin, 1, page=page, set_cookie=[f"_ga={CANARY}; Path=/{CANARY}"] + [f"n{CANARY}=1"] * (i < 4),
              target=f"/page?gclid={CANARY}&{CANARY}={i}",
              fields={"User-Agent": CANARY, "Cookie": f"_fbp={CANARY}; sid={CANARY}" + f"; q{CANARY}=1" * (i < 4),
                      "Referer": f"https://a.example/{CANARY}"})
        proxy.get(f"/{CANARY}?x={CANARY}", host=HOST)
    after(proxy, 24)
    page = PAGE.replace("cdn.made-up.example.net", "b.example")
    said = everything_written(proxy, tmp_path)
    for text in (CANARY, CANARY.lower(), CANARY.encode().hex()):
        kept = [line for line in said.splitlines() if text in line]
        assert all("c4n4ryobs.example" in line for line in kept), kept
    assert "c4n4ryobs.example" in said, "a host that twelve pages named is the site's"


def test_bounded(proxy, fresh_origin):
    """Names without end cost no memory, push no vendor out, and are counted."""
    for i in range(40):
        cookies = [f"n{''.join(chr(97 + (i * 40 + k) // 26 ** p % 26) for p in range(4))}=1" for k in range(40)]
        visit(proxy, fresh_origin, 1, fields={"Cookie": "_ga=1; " + "; ".join(f"v{c}" for c in cookies)}, set_cookie=cookies)
    said = after(proxy, 40)
    assert said["not_kept"] > 0 and "_ga" in names(said, "cookie") and len(said["items"]) < 100
    assert not [n for n in names(said, "cookie") if n.startswith("vn")], "what visitors make up is no name of the site's"
    before = proxy.memory()
    for i in range(200):
        visit(proxy, fresh_origin, 1, fields={"Cookie": f"z{'abcdefghijklmnopqrst'[i % 20]}{'uvwxyz'[i % 6]}q{'klmnopqrs'[i % 9]}=1"})
    assert proxy.memory() - before < (96 if sanitized() else 4) << 20


def test_many_at_once(proxy, fresh_origin):
    fresh_origin.on("/page", chunked_answer(PAGE.encode(), size=11))
    fresh_origin.on("/gz", answer(gzip.compress((PAGE * 200).encode()), {"Content-Encoding": "gzip"}))
    wrong = []

    def visitor():
        with Client(proxy.port, HOST) as c:
            for _ in range(20):
                if c.get("/page", {"Sec-GPC": "1"}).text != PAGE:
                    wrong.append("page")
                if gzip.decompress(c.get("/gz", {"Accept-Encoding": "gzip"}).body).decode() != PAGE * 200:
                    wrong.append("gz")

    threads = [threading.Thread(target=visitor) for _ in range(6)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert not wrong
    said = after(proxy, 240)
    assert said["given_up"] == 0 and {i["responses"] for i in said["items"] if "YouTube" in i["name"]} == {240}


@pytest.mark.parametrize("more, whole", [(os.urandom(2 << 20).hex().encode(), True), (b"b" * (20 << 20), False)], ids=["large", "bomb"])
def test_what_unpacks_to_much(proxy, fresh_origin, more, whole):
    """A body that is small, and large to whoever reads it: the visitor gets it, and the copy is given up in time."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    packed = packer.compress(PAGE.encode()) + packer.compress(more) + packer.flush()
    fresh_origin.on("/bomb", answer(packed, {"Content-Encoding": "gzip"}))
    before, spent = proxy.memory("VmHWM"), proxy.cpu()
    assert proxy.get("/bomb", {"Accept-Encoding": "gzip"}, host=HOST).body == packed
    said = after(proxy, 1)
    assert said["given_up"] == (0 if whole else 1)
    assert any("Google" in n for n in names(said, "vendor")), "what was seen before counts"
    assert proxy.memory("VmHWM") - before < 32 << 20 and (sanitized() or proxy.cpu() - spent < 5)


def test_memory_of_copies_is_given_back(proxy, fresh_origin):
    page = (PAGE * 500).encode()
    fresh_origin.on("/page", answer(page))

    def visits(n):
        for _ in range(n):
            assert proxy.get("/page", {"Sec-GPC": "1"}, host=HOST).body == page

    visits(10)
    before = proxy.memory()
    visits(60)
    assert after(proxy, 70)["given_up"] == 0
    assert proxy.memory() - before < (96 if sanitized() else 8) << 20, "a quarantine holds more"


def test_a_visitor_who_leaves_and_an_origin_that_breaks_off(proxy, fresh_origin):
    fresh_origin.on("/half", lambda conn, req: conn.sendall(answer(PAGE)[:-40]) or False)
    with Client(proxy.port, HOST) as c:
        c.ask("/half")
        with pytest.raises(Exception):
            c.answer()
    said = after(proxy, 1)
    assert any("Google" in n for n in names(said, "vendor")), "what came before the end counts"


def test_a_reload_switches_the_mode_and_keeps_the_inventory(proxy, fresh_origin, tmp_path):
    visit(proxy, fresh_origin, 2)
    assert after(proxy, 2)["responses"] == 2
    conf = tmp_path / "observe.yaml"
    conf.write_text(conf.read_text().replace("mode: observe", "mode: filter"))
    run("reload", "--socket", proxy.socket)
    wait_until(lambda: proxy.get("/page", {"Sec-GPC": "1"}, host=HOST).text != PAGE, "the filters to be in force")
    assert shown(proxy)["responses"] == 2
    conf.write_text(conf.read_text().replace("mode: filter", "mode: observe"))
    run("reload", "--socket", proxy.socket)
    wait_until(lambda: proxy.get("/page", {"Sec-GPC": "1"}, host=HOST).text == PAGE, "the filters to be off")
    assert after(proxy, 3)["responses"] >= 3


# ---- tacet audit --site ---------------------------------------------------------------------------------------------

def audit(proxy, *args, code):
    return run("audit", "--site", HOST, "--socket", proxy.socket, *args, code=code)


def test_audit_prints_it_and_proposes_a_configuration(proxy, fresh_origin, tmp_path):
    visit(proxy, fresh_origin, 5, set_cookie=["_ga=1", "made_up=1"])
    after(proxy, 5)
    text = audit(proxy, code=1)
    assert re.search(r"^vendor +Google.*advertising|^vendor +Google.*analytics", text, re.M), text
    assert re.search(r"^cookie +_ga +analytics", text, re.M) and re.search(r"^cookie +made_up +unknown", text, re.M)
    assert "5 responses" in text and "suggested configuration" in text
    said = json.loads(audit(proxy, "--format", "json", code=1))
    assert said["site"] == HOST and said["responses"] == 5 and said["items"] and "configuration" in said
    proposal = tmp_path / "proposal.yaml"
    proposal.write_text(audit(proxy, "--format", "yaml", code=1))
    run("check", "--offline", "-c", proposal)
    assert HOST in proposal.read_text() and "allow: [example.net]" in proposal.read_text()
    by_file = run("audit", "--site", HOST, "-c", tmp_path / "observe.yaml", code=1)
    assert by_file == text


def test_audit_of_a_site_that_carries_nothing(proxy, fresh_origin):
    fresh_origin.on("/page", answer("<p>hello"))
    proxy.get("/page", host=HOST)
    after(proxy, 1)
    assert "nothing" in audit(proxy, code=0)


def test_drift(proxy, fresh_origin, tmp_path):
    base = tmp_path / "base.txt"
    visit(proxy, fresh_origin, 5, set_cookie=["_ga=1"])
    after(proxy, 5)
    audit(proxy, "--save", base, code=0)
    lines = base.read_text().splitlines()
    assert lines[0].startswith("#") and lines[1:] == sorted(lines[1:]) and "cookie\t_ga\tanalytics" in base.read_text()
    assert "no drift" in audit(proxy, "--baseline", base, code=0)
    visit(proxy, fresh_origin, 1, set_cookie=["_fbp=1"])
    after(proxy, 6)
    text = audit(proxy, "--baseline", base, code=1)
    assert re.search(r"^\+ cookie\s+_fbp\s+advertising", text, re.M) and not re.search(r"^- ", text, re.M)
    gone = base.read_text() + "vendor\tSomebody\tsocial\n"
    base.write_text(gone)
    text = audit(proxy, "--baseline", base, "--save", base, code=1)
    assert re.search(r"^- vendor\s+Somebody\s+social", text, re.M)
    assert "no drift" in audit(proxy, "--baseline", base, code=0), "compared with what was, then written"
    said = json.loads(audit(proxy, "--baseline", base, "--format", "json", code=0))
    assert said["drift"] == {"new": [], "gone": []}


@pytest.mark.parametrize("text", ["", "not a baseline\n", "# tacet inventory 1 of www.other.example\n",
                                  "# tacet inventory 1 of www.shop.example\nvendor\tx\n", "# tacet inventory 9 of www.shop.example\n"])
def test_what_is_no_baseline(proxy, fresh_origin, tmp_path, text):
    base = tmp_path / "base.txt"
    base.write_text(text)
    visit(proxy, fresh_origin, 1)
    after(proxy, 1)
    audit(proxy, "--baseline", base, code=2)
    audit(proxy, "--baseline", tmp_path / "none.txt", code=2)


def test_whom_to_ask(start, fresh_origin, tmp_path):
    filtered = start("-c", configure(tmp_path, fresh_origin.url, mode="filter"), listen=False)
    socket = tmp_path / "filter.sock"
    assert filtered.get("/", host=HOST).status == 200
    run("audit", "--site", HOST, "--socket", socket, code=1)
    run("audit", "--site", "nobody.example", "--socket", socket, code=1)
    run("audit", "--site", HOST, "--socket", tmp_path / "none.sock", code=1)
    run("audit", "--socket", socket, code=2)
    run("audit", "--site", HOST, "--socket", socket, "page.html", code=2)
    run("audit", "--site", HOST, "--baseline", "x", code=2)
    run("audit", "--site", "a b", "--socket", socket, code=2)


# ---- check and explain ----------------------------------------------------------------------------------------------

def test_check_warns_and_promises_are_broken(tmp_path, fresh_origin):
    conf = configure(tmp_path, fresh_origin.url)
    done = subprocess.run([tacet_path(), "check", "--offline", "-c", conf], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and f"site {HOST} observes only: visitors who said no are not protected" in done.stderr
    run("check", "--offline", "--deny-warnings", "-c", conf, code=1)
    promises = """promises:
  keep:
    - gpc_everywhere: {says: "we honor GPC"}
    - no_sale: {says: "we do not sell"}
    - sticky_opt_out: {says: "we remember"}
    - email_pixels_anonymous: {open: [mail-open], says: "opens are nobody's business"}
    - no_client_ip_to_origin: {says: "we never see your address"}
"""
    conf.write_text(conf.read_text() + promises)
    done = subprocess.run([tacet_path(), "check", "--offline", "-c", conf], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    broken = set(re.findall(r"promise (\w+) is broken", done.stderr))
    assert broken == {"gpc_everywhere", "no_sale", "sticky_opt_out", "email_pixels_anonymous"}, done.stderr
    assert done.stderr.count("mode is observe") == 4 and "set mode: filter" in done.stderr
    line = conf.read_text().splitlines().index("    mode: observe") + 1
    assert f":{line}:" in done.stderr, "where it was written"


def test_explain_says_so(tmp_path, fresh_origin):
    conf = configure(tmp_path, fresh_origin.url)
    page = tmp_path / "page.html"
    page.write_text(PAGE)
    args = ("explain", "-c", conf, f"https://{HOST}/?gclid=1", "-H", "Sec-GPC: 1", "-H", "Cookie: _ga=1", "--response", page)
    text = run(*args)
    assert re.search(r"^mode +observe", text, re.M) and "Privacy-Decision" not in text and "body unchanged" in text
    assert re.search(r"gclid", text) and "/?gclid=1" in text, "what would go is named; what goes to the origin is all"
    said = json.loads(run(*args, "--format", "json"))
    assert said["mode"] == "observe" and said["response"]["body_same"] and said["actions"] and said["cookies"] == ["_ga"]
