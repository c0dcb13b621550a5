"""How many requests a visitor may make, what response.set and .remove do, names of the origin, and memory that is short."""
import pytest

from harness import Client, answer, get, sanitized, total, wait_until

GPC = {"Sec-GPC": "1"}


def config(tmp_path, site, more="", name="t.yaml"):
    conf = tmp_path / name
    conf.write_text(f"""
version: 1
listen: [{{address: "127.0.0.1:0"}}]
client_address: {{trusted_proxies: [127.0.0.0/8]}}
{more}
sites:
  - hosts: ["*"]
{site}""")
    return conf


def visitor(n):
    return {"X-Forwarded-For": f"192.0.2.{n}"}


# ---- rate_limit ---------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def limited(origin, tmp_path_factory):
    """Three requests at once, and one more in a minute; two of /api/, and /free/ as many as one likes."""
    import harness
    conf = config(tmp_path_factory.mktemp("limited"), f"""
    origin: {{url: "{origin.url}"}}
    rate_limit: {{requests: 1, per: 60s, burst: 3}}
    response: {{set: {{X-Team: web}}}}
    routes:
      - {{name: api, match: "/api/*", rate_limit: {{requests: 2, per: 120s}}}}
      - {{name: a, match: "/a/*"}}
      - {{name: rest, match: "/*"}}
""")
    proxy = harness.Tacet("-c", conf, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
    yield proxy
    proxy.stop()


def statuses(proxy, n, target, fields):
    with proxy.client() as c:
        return [c.get(target, fields).status for _ in range(n)]


def test_beyond_the_burst(limited, origin):
    path = origin.on("/rate", answer("x"))
    with limited.client() as c: # and the connection goes on
        for _ in range(3):
            assert c.get(path, visitor(1)).status == 200
        res = c.get(path, visitor(1))
        assert res.status == 429 and res.get("Cache-Control") == "no-store"
        assert 50 <= int(res.get("Retry-After")) <= 60
        assert "429 Too Many Requests" in res.text and res.get("X-Team") == "web"
        assert not res.has("Server") and "192.0.2" not in str(res.fields) + res.text
        head = c.get(path, visitor(1), method="HEAD")
        assert head.status == 429 and head.has("Retry-After")
        assert c.get(path, visitor(2)).status == 200 # another visitor
    assert len(origin.asked(path)) == 4


def test_refusals_are_counted(limited):
    before = total(limited.metrics(), "tacet_http_refusals_total", reason="rate")
    got = statuses(limited, 5, "/counted", visitor(3))
    assert got == [200] * 3 + [429] * 2
    assert total(limited.metrics(), "tacet_http_refusals_total", reason="rate") == before + 2


def test_routes_share_the_sites_bucket_or_have_one(limited):
    assert statuses(limited, 2, "/a/x", visitor(4)) == [200, 200]
    assert statuses(limited, 2, "/b", visitor(4)) == [200, 429] # the site's: shared with /a/
    assert statuses(limited, 3, "/api/x", visitor(4)) == [200, 200, 429] # its own
    assert statuses(limited, 1, "/%61pi/../api/x", visitor(4)) == [429] # by the normal form


def test_a_network_of_ipv6_is_one_visitor(limited):
    for n in range(3):
        assert limited.get("/six", {"X-Forwarded-For": f"2001:db8:1:1::{n + 1}"}).status == 200
    assert limited.get("/six", {"X-Forwarded-For": "2001:db8:1:1:ffff::9"}).status == 429
    assert limited.get("/six", {"X-Forwarded-For": "2001:db8:1:2::1"}).status == 200


def test_who_has_no_address_is_not_limited(limited):
    """A trusted proxy that says nobody's address, or nonsense: no bucket, rather than one for all."""
    assert statuses(limited, 10, "/nobody", {}) == [200] * 10
    assert statuses(limited, 10, "/nobody", {"X-Forwarded-For": "unknown"}) == [200] * 10


def test_a_stranger_cannot_choose_his_bucket(start, fresh_origin, tmp_path):
    conf = tmp_path / "strict.yaml"
    conf.write_text(f"""
version: 1
listen: [{{address: "127.0.0.1:0"}}]
sites: [{{hosts: ["*"], origin: {{url: "{fresh_origin.url}"}}, rate_limit: {{requests: 1, per: 60s, burst: 2}}}}]
""")
    proxy = start("-c", conf)
    assert [proxy.get("/", visitor(n)).status for n in range(4)] == [200, 200, 429, 429]


def test_our_own_pages_are_never_too_many(limited):
    assert statuses(limited, 4, "/own", visitor(5))[-1] == 429
    assert statuses(limited, 20, "/privacy-choices", visitor(5)) == [200] * 20
    assert statuses(limited, 20, "/.well-known/tacet/s/noop.js", visitor(5)) == [200] * 20
    assert limited.get("/.well-known/gpc.json", visitor(5)).status == 200
    res = limited.get("/privacy-choices", {**visitor(5), "Content-Type": "application/x-www-form-urlencoded",
                                           "Origin": "http://www.example.test"}, "POST", b"choice=out")
    assert res.status == 303 and res.has("Set-Cookie")


def test_a_refused_body_that_is_too_large_as_well_is_no_reason_for_a_reset(start, fresh_origin, tmp_path):
    proxy = start("-c", config(tmp_path, f"""
    origin: {{url: "{fresh_origin.url}"}}
    rate_limit: {{requests: 1, per: 1h}}
""", "limits: {body_size: 2KiB}"))
    assert statuses(proxy, 2, "/large", visitor(1)) == [200, 429]
    with proxy.client() as c:
        c.ask("/large", {**visitor(1), "Content-Length": "8000"}, "POST")
        assert c.answer("POST").status == 429
        c.send(b"x" * 100)
        assert c.sock.recv(1) == b""


def test_the_minute_of_the_last_refusal_is_told(limited):
    assert statuses(limited, 4, "/minute", visitor(8))[-1] == 429
    assert total(limited.metrics(), "tacet_http_refusals_last_seen_timestamp_seconds", reason="rate") > 0


def test_the_connection_goes_on_if_the_body_comes(limited):
    assert statuses(limited, 4, "/post", visitor(6))[-1] == 429
    with limited.client() as c:
        assert c.get("/post", visitor(6), "POST", b"x" * 1000).status == 429
        assert c.get("/privacy-choices", visitor(6)).status == 200
    with limited.client() as c: # one that asks first need not send it
        c.ask("/post", {**visitor(6), "Content-Length": "1000", "Expect": "100-continue"}, "POST")
        res = c.answer("POST")
        assert res.status == 429 and not res.interim and res.get("Connection") == "close" and c.closed()


def test_a_reload_keeps_the_buckets(start, fresh_origin, tmp_path):
    site = """
    origin: {{url: "{}"}}
    rate_limit: {{requests: 1, per: {}, burst: 3}}
"""
    conf = config(tmp_path, site.format(fresh_origin.url, "60s"))
    proxy = start("-c", conf)
    assert statuses(proxy, 4, "/", visitor(7))[-1] == 429
    reloaded = len([l for l in proxy.lines if "reloaded" in l])
    config(tmp_path, site.format(fresh_origin.url, "61s"))
    proxy.reload()
    wait_until(lambda: len([l for l in proxy.lines if "reloaded" in l]) > reloaded, "the reload")
    wait_until(lambda: int(proxy.get("/", visitor(7)).get("Retry-After", "0")) > 0, "the same bucket")
    assert proxy.get("/", visitor(8)).status == 200


def test_buckets_fill_again(start, fresh_origin, tmp_path):
    proxy = start("-c", config(tmp_path, f"""
    origin: {{url: "{fresh_origin.url}"}}
    rate_limit: {{requests: 1, per: 3s, burst: 2}}
"""))
    got = statuses(proxy, 20, "/", visitor(9))
    assert got[:2] == [200, 200] and 429 in got
    wait_until(lambda: proxy.get("/", visitor(9)).status == 200, "a request in the bucket")


# ---- response.set, response.remove -----------------------------------------------------------------------

@pytest.fixture(scope="module")
def dressed(origin, tmp_path_factory):
    import harness
    conf = config(tmp_path_factory.mktemp("dressed"), f"""
    origin: {{url: "{origin.url}"}}
    response:
      set: {{Strict-Transport-Security: max-age=300, Cache-Control: "public, max-age=60", Content-Security-Policy: "form-action 'none'"}}
      remove: [Server, X-Powered-By, Vary]
    routes:
      - {{name: html, match: "/dressed/as-html", response: {{set: {{Content-Type: text/html}}}}}}
      - {{name: rest, match: "/*"}}
""", """
rule_sets:
  opt-out: {scripts: {remove: [analytics, advertising]}}
  light: {query: {strip: [click-ids]}}
regions: [{name: rest, where: ["*"], honour: [gpc, choice], default: light, opted_out: opt-out}]
""")
    proxy = harness.Tacet("-c", conf, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
    yield proxy
    proxy.stop()


def test_on_the_origins_answers(dressed, origin):
    path = origin.on("/dressed/plain", answer("x", {"Server": "Apache/1", "x-powered-by": "PHP", "Cache-Control": "no-store"}, type="text/plain"))
    res = dressed.get(path)
    assert not res.has("Server") and not res.has("X-Powered-By")
    assert res.all("Cache-Control") == ["public, max-age=60"]
    assert res.all("Strict-Transport-Security") == ["max-age=300"]
    missing = dressed.get(origin.on("/dressed/404", answer("x", status="404 Not Found")))
    assert missing.status == 404 and missing.has("Strict-Transport-Security")


def test_caching_stays_honest(dressed, origin):
    """A page that differs by visitor is private and varies, whatever is set and removed."""
    path = origin.on("/dressed/page", answer("<p>x", {"Vary": "Accept-Language"}))
    for fields in ({}, GPC):
        res = dressed.get(path, fields)
        kept = ", ".join(res.all("Cache-Control"))
        assert "private" in kept and "public" not in kept and "max-age=60" in kept
        vary = ", ".join(res.all("Vary"))
        assert "Sec-GPC" in vary and "Accept-Language" not in vary


def test_a_page_by_decree_is_filtered(dressed, origin):
    """What is called a page by the operator is one for the rewriter, too."""
    tracker = '<script src="https://www.google-analytics.com/analytics.js"></script><p>x'
    path = origin.on("/dressed/as-html", answer(tracker, type="text/plain"))
    res = dressed.get(path, GPC)
    assert res.all("Content-Type")[0].startswith("text/html") and "google-analytics.com" not in res.text
    assert "google-analytics.com" in dressed.get(path).text


def test_on_our_own_answers(dressed, origin):
    """Added where nothing is said; what we say ourselves stays, or the form on the choices page would not work."""
    page = dressed.get("/privacy-choices")
    assert page.get("Strict-Transport-Security") == "max-age=300"
    assert page.all("Content-Security-Policy") == ["default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
                                                   "base-uri 'none'; frame-ancestors 'none'"]
    assert "public" not in page.get("Cache-Control")
    bad = dressed.get(origin.on("/dressed/bad", b"HTTP/1.1 200 OK\r\nbad head\r\n\r\n"))
    assert bad.status == 502 and bad.get("Strict-Transport-Security") == "max-age=300"
    assert bad.all("Cache-Control") == ["no-store"] and bad.all("Content-Security-Policy") == ["form-action 'none'"]


# ---- names of the origin ---------------------------------------------------------------------------------

@pytest.fixture
def renamed(start, fresh_origin, tmp_path):
    def begin(host):
        return start("-c", config(tmp_path, f"""
    origin: {{url: "{fresh_origin.url}", host: {host}}}
"""))
    return begin


def test_redirects_stay_on_the_site(renamed, fresh_origin):
    proxy = renamed("shop.internal")
    own = f"http://127.0.0.1:{fresh_origin.port}"
    fresh_origin.on("/r", lambda conn, req: conn.sendall(answer("", {
        "Location": f"http://{req.get('Host')}/login?x=1", "Content-Location": f"{own}/r", "Refresh": f"5; url={own}/r",
        "Access-Control-Allow-Origin": own, "Link": f"<{own}/x>; rel=next"}, status="302 Found")))
    res = proxy.get("/r", {"X-Forwarded-Proto": "https"})
    assert fresh_origin.last("/r").get("Host") == "shop.internal"
    assert res.get("Location") == "https://www.example.test/login?x=1"
    assert res.get("Content-Location") == "https://www.example.test/r"
    assert res.get("Refresh") == "5; url=https://www.example.test/r"
    assert res.get("Access-Control-Allow-Origin") == own and res.get("Link") == f"<{own}/x>; rel=next"
    assert proxy.get("/r", host=f"www.example.test:{proxy.port}").get("Location") == f"http://www.example.test:{proxy.port}/login?x=1"


def test_redirects_elsewhere_are_left_alone(renamed, fresh_origin):
    proxy = renamed("origin")
    for n, to in enumerate(("https://login.example.net/?r=http://127.0.0.1/", "/relative", "http://www.example.test/x",
                            f"http://127.0.0.1:{fresh_origin.port}@evil.example/", f"http://127.0.0.1:{fresh_origin.port}0/")):
        path = fresh_origin.on(f"/e{n}", answer("", {"Location": to}, status="301 Moved Permanently"))
        assert proxy.get(path).get("Location") == to


def test_cookies_of_the_origins_domain(renamed, fresh_origin):
    proxy = renamed("shop.internal.example")
    fresh_origin.on("/c", answer("x", [("Set-Cookie", "sid=1; Domain=shop.internal.example; Path=/"), ("Set-Cookie", "b=2; Domain=.internal.example"),
                                       ("Set-Cookie", "c=3; Domain=example.test"), ("Set-Cookie", "d=4; Path=/")], type="text/plain"))
    assert proxy.get("/c").all("Set-Cookie") == ["sid=1; Path=/", "b=2", "c=3; Domain=example.test", "d=4; Path=/"]


# ---- memory ----------------------------------------------------------------------------------------------

MIB = 1 << 20


def test_short_memory_sheds_what_is_new(start, fresh_origin, tmp_path):
    """Answers that nobody reads fill the memory: what is new is refused until they are gone."""
    site = f"""
    origin: {{url: "{fresh_origin.url}", timeout: 60s}}
"""
    plain = start("-c", config(tmp_path, site))
    assert plain.get("/").status == 200
    limit = plain.memory() + (96 if sanitized() else 24) * MIB
    proxy = start("-c", config(tmp_path, site, f"limits: {{memory: {limit // 1024}KiB}}", name="limited.yaml"))
    assert proxy.get("/").status == 200
    crowd = []
    try:
        def pressed():
            c = Client(proxy.port, rcvbuf=4096)
            crowd.append(c)
            c.ask("/big")
            return proxy.get("/", {}).status == 503
        fresh_origin.on("/big", answer(b"x" * 4_000_000, type="text/plain"))
        wait_until(pressed, "new requests to be refused", 60)
        with proxy.client() as c:
            res = c.get("/")
            assert res.status == 503 and res.get("Retry-After") == "1" and res.get("Connection") == "close" and c.closed()
        assert total(proxy.metrics(), "tacet_http_refusals_total", reason="overload") >= 2
        assert crowd[0].sock.recv(4096).startswith(b"HTTP/1.1 200") # what was there goes on
        assert get(proxy.admin, "/healthz", host=f"127.0.0.1:{proxy.admin}").status == 200
    finally:
        for c in crowd:
            c.close()
    wait_until(lambda: proxy.get("/").status == 200, "memory to be enough again")


def test_a_limit_can_be_changed_while_it_runs(start, fresh_origin, tmp_path):
    site = f"""
    origin: {{url: "{fresh_origin.url}"}}
"""
    conf = config(tmp_path, site, "limits: {memory: 1GiB}")
    proxy = start("-c", conf)
    assert proxy.get("/").status == 200
    fresh_origin.on("/big", answer(b"x" * 4_000_000, type="text/plain"))
    crowd = []

    def grown():
        crowd.append(Client(proxy.port, rcvbuf=4096))
        crowd[-1].ask("/big")
        return proxy.memory() > 24 * MIB
    wait_until(grown, "a process of some size")
    config(tmp_path, site, "limits: {memory: 16MiB}")
    proxy.reload()
    wait_until(lambda: proxy.get("/").status == 503, "the new limit")
    config(tmp_path, site, "limits: {memory: 1GiB}")
    proxy.reload()
    wait_until(lambda: proxy.get("/").status == 200, "the old limit")
    for c in crowd:
        c.close()
