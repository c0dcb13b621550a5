"""
What the tests of the six policies share: a site that takes a profile, visitors of many places, pages full of tags, and the
rows that several policies have. A helper sees to its control: the same page without the signal, or as the origin has it.
"""
import base64
import hashlib
import json
import os
import pathlib
import re
import signal
import socket
import subprocess

import pytest

import harness
from harness import Client, Origin, Tacet, answer, get, tacet_path, total, wait_until
from mmdb import Mmdb

ROOT = pathlib.Path(harness.ROOT)
HOST = "www.example.test"
STATUS = "Opt-Out Request Honored"
LATER = "stats belongs to a later version"
OWN = {"Origin": f"https://{HOST}", "Content-Type": "application/x-www-form-urlencoded"}
GPC = {"Sec-GPC": "1"}

# Network, and what the database says of it: more than anyone may learn.
PLACES = {
    "US-TX": ("61.10", "US", "Texas", "Austin"), "US-CA": ("61.11", "US", "California", "San Diego"), "US-VA": ("61.12", "US", "Virginia", "Richmond"),
    "DE": ("61.20", "DE", "Land Berlin", "Berlin (Mitte)"), "FR": ("61.21", "FR", "Ile-de-France", "Paris"), "NO": ("61.22", "NO", "Oslo", "Oslo"),
    "GB": ("61.23", "GB", "England", "London"), "CH": ("61.24", "CH", "Zurich", "Zurich"), "CN": ("61.30", "CN", "Shanghai", "Shanghai"),
    "BR": ("61.31", "BR", "Sao Paulo", "Sao Paulo"), "JP": ("61.32", "JP", "Tokyo", "Tokyo"),
}
SOCIAL = "! Title: buttons\n! Class: social\n||buttons.social.example^\n"
SMALL = "62.1.1.7"  # in a town of 256 addresses in Texas
NOWHERE = "62.9.9.9"
FINE = ["30.267153", "-97.743061", "78701", "Downtown District", "America/Chicago", "Smalltown"]

TAGS = ["www.googletagmanager.com", "www.google-analytics.com", "connect.facebook.net", "www.facebook.com", "bat.bing.com", "static.hotjar.com",
        "stats.g.doubleclick.net", "cdn.unlisted.example", "frames.unlisted.example"]
COOKIES = ["_ga=GA1.1.5.5; Path=/; Max-Age=63072000", "_fbp=fb.1.2.3; Path=/", "sid=s1; Path=/; HttpOnly"]
PAGE = """<!doctype html><html lang=en><head><title>A shop</title><link rel=preconnect href="https://www.google-analytics.com/">
<script src="https://www.googletagmanager.com/gtm.js?id=GTM-1"></script><script async src="https://www.google-analytics.com/analytics.js"></script>
<script>!function(f,b,e,v){var t=b.createElement(e);t.src=v;b.head.appendChild(t)}(window,document,'script','https://connect.facebook.net/en_US/fbevents.js')</script>
<script src="https://static.hotjar.com/c/hotjar-1.js"></script><script src="https://cdn.unlisted.example/widget.js"></script></head>
<body><main><h1>A shop</h1><p>words of the page</p><a href="/page">more</a></main>
<noscript><img src="https://www.facebook.com/tr?id=1&ev=PageView"></noscript><img src="https://bat.bing.com/action/0?ti=1" width=1 height=1>
<iframe src="https://frames.unlisted.example/f"></iframe></body></html>"""
FIELDS = [("Link", "<https://stats.g.doubleclick.net/dc.js>; rel=preload; as=script"), *(("Set-Cookie", c) for c in COOKIES)]


def address(place, host="7.7"):
    return {"": NOWHERE, "small": SMALL}.get(place) or f"{PLACES[place][0]}.{host}"


def database(path):
    db = Mmdb()
    for prefix, country, region, city in PLACES.values():
        db.add(prefix + ".0.0/16", dict(zip(("country_code", "state1", "city"), (country, region, city)), state2=FINE[3], postcode=FINE[2],
                                        latitude=FINE[0], longitude=FINE[1], timezone=FINE[4]))
    db.add("62.1.1.0/24", {"country_code": "US", "state1": "Texas", "city": FINE[5], "postcode": FINE[2]})
    db.write(path)
    return path


# ---- a site with a profile --------------------------------------------------------------------------

CONF = """version: 1
include: {include}
listen: [{{address: "127.0.0.1:0", redirect: https}}]
admin: {{address: "127.0.0.1:0", socket: admin.sock}}
state: state
client_address: {{trusted_proxies: [127.0.0.0/8]}}
geo: {{databases: [places.mmdb]}}
lists: {{use: [built-in, social.txt]}}
{top}
sites:
  - hosts: [{host}]
    origin: {{url: "{url}"}}
    forward: {{{forward}}}
    choices: {{link: auto, notice_on_change: true, policy: /privacy}}
    dnt: {{status: true}}
    keep_cookies: [sid, login, csrf]
    response: {{set: {{Strict-Transport-Security: max-age=31536000}}}}
{site}
    routes:
      - {{name: kids, match: /kids/*, force: opt-out}}
      - {{name: mail-open, match: /o.gif, type: open}}
      - {{name: mail-click, match: /c, type: click, click: {{targets: [{targets}]}}}}
      - {{name: pages, match: /*}}
"""


class Site:
    """
    tacet behind something that ends TLS (as X-Forwarded-Proto and -For say), in front of an origin that records, with the
    profile of a policy. change: {old: new} in the text of the profile, for what a site that takes it has to choose.
    """

    def __init__(self, folder, policy, change=None, ready=True, **conf):
        self.folder, self.origin, self.tacet = pathlib.Path(folder), Origin(), None
        profile = ROOT / "conf/policies" / f"{policy}.yaml"
        if change:
            text = profile.read_text()
            for old, new in change.items():
                assert old in text, f"{profile} has no {old}"
                text = text.replace(old, new)
            profile = self.folder / f"{policy}.yaml"
            profile.write_text(text)
        database(self.folder / "places.mmdb")
        (self.folder / "social.txt").write_text(SOCIAL)
        self.conf = self.folder / "t.yaml"
        self.values = dict(dict(include=profile, host=HOST, url=self.origin.url, forward="client_ip: prefix, geo: [country, region, city]",
                                top="", site="", targets=""), **conf)
        self.write()
        self.origin.on("/page", answer(PAGE, FIELDS))
        self.origin.on("/kids/page", answer(PAGE, FIELDS))
        if ready:
            self.start()

    def write(self, **changes):
        self.values.update(changes)
        self.conf.write_text(CONF.format(**self.values))

    def start(self):
        self.tacet = Tacet("-c", self.conf)
        return self.tacet

    def close(self):
        try:
            if self.tacet is not None and self.tacet.proc.returncode is None:
                self.tacet.stop()
        finally:
            self.origin.close()

    def fields(self, place, fields, cookies):
        where = place if place.count(".") == 3 else address(place)
        usual = [("X-Forwarded-For", where), ("X-Forwarded-Proto", "https"), ("Sec-Fetch-Dest", "document")]
        given = harness.as_list(fields)
        out = [f for f in usual if f[0] not in dict(given)] + given
        return out + ([("Cookie", cookies)] if cookies else [])

    def get(self, path="/page", place="US-TX", fields=(), cookies=None, method="GET", body=None):
        return get(self.tacet.port, path, self.fields(place, fields, cookies), method, body, HOST)

    def choose(self, form, place="US-TX", cookies=None, fields=()):
        """A POST of the choices page, and the cookie it gives."""
        res = self.get("/privacy-choices", place, [*OWN.items(), *harness.as_list(fields)], cookies, "POST", form.encode())
        assert res.status == 303, res
        return res, choice_cookie(res)

    def raw(self):
        """The page as the origin has it."""
        return get(self.origin.port, "/page", host=HOST)

    def check(self, *args):
        return check(self.conf, *args)


def check(*args):
    ran = subprocess.run([tacet_path(), "check", "--offline", *map(str, args)], capture_output=True, text=True, timeout=60)
    return ran.returncode, ran.stdout + ran.stderr


def site_of(policy, **kw):
    """A fixture: the site of a policy for the tests of a module."""
    @pytest.fixture(scope="module")
    def site(tmp_path_factory):
        made = Site(tmp_path_factory.mktemp(policy), policy, **kw)
        yield made
        made.close()
        assert not made.origin.broken
    return site


# ---- what is seen in an answer ----------------------------------------------------------------------

def choice_cookie(res):
    found = [c for c in res.all("Set-Cookie") if c.startswith("tacet_choice=")]
    return found[0].split(";")[0] if found else None


def said(res):
    """Everything of an answer that can make a browser ask somebody: not the second policy, which is there to forbid it."""
    head = "\n".join(f"{n}: {v}" for n, v in res.fields if n.lower() != "content-security-policy")
    return head + "\n\n" + res.text


def tags(res):
    return [host for host in TAGS if host in said(res)]


def new_cookies(res):
    """Names of the cookies that are set, not of those that are ended."""
    return [c.split("=")[0] for c in res.all("Set-Cookie") if not re.search(r"Max-Age=0|01 Jan 1970", c) and not c.startswith("tacet_choice=")]


def assert_tagged(res):
    assert res.status == 200 and tags(res) == TAGS, tags(res)
    assert {"_ga", "_fbp", "sid"} <= set(new_cookies(res))
    assert "words of the page" in res.text and 'role="status"' not in res.text


def assert_clean(res, status=True):
    assert res.status == 200 and tags(res) == [], tags(res)
    assert not {"_ga", "_fbp"} & set(new_cookies(res)) and "words of the page" in res.text
    policies = res.all("Content-Security-Policy")
    assert policies and "unlisted" not in policies[-1] and "script-src 'self'" in policies[-1], policies
    if status is not None:
        assert (STATUS in res.text) == status


def decision(site, path="/page"):
    return site.origin.last(path).get("Privacy-Decision")


# ---- rows that several policies have ----------------------------------------------------------------

def gpc_is_honoured(site, places=("US-TX", "US-CA", "DE", "CN", "BR", ""), control="US-TX", cookies=None):
    """Everywhere, at once and without a cookie. control: where the same page holds all of it without the signal; None: nowhere."""
    for place in places:
        assert_clean(site.get(place=place, fields=GPC))
        asked = site.origin.last("/page")
        assert asked.all("Sec-GPC") == ["1"] and asked.get("Privacy-Decision").startswith("out;src=gpc;")
    for value in ("0", "true", "1;a") if control else ():
        res = site.get(place=control, fields={"Sec-GPC": value}, cookies=cookies)
        assert_tagged(res)
        assert not site.origin.last("/page").has("Sec-GPC")
    assert_tagged(site.raw())
    stated = json.loads(site.get("/.well-known/gpc.json").text)
    assert stated["gpc"] is True


def nothing_before_consent(site, places, elsewhere="US-TX", grants=True):
    """No third party, and no cookie but the site's own, whatever a consent cookie says that cannot be read. grants: with a yes, all."""
    broken = ["euconsent-v2=%%%", "euconsent-v2=" + "A" * 6000, "euconsent-v2=HPXuk4APXuk4AAKAqAENAwCAAAAAAAAAAAAAAAAA.YAAA", "OTGPPConsent=DBABLA~~~",
              "tacet_choice=v1.in.2026-01.1.AAAAAAAAAAAAAAAAAAAAAA"]
    for place in [*places, ""]:
        for cookie in [None, *broken]:
            res = site.get(place=place, cookies=cookie)
            assert_clean(res, None)
            assert new_cookies(res) == ["sid"], new_cookies(res)
            asked = site.origin.last("/page")
            assert asked.get("Privacy-Decision").startswith("out;"), cookie
        site.get(place=place, cookies="_ga=1; foo=2; sid=3")
        assert site.origin.last("/page").all("Cookie") == ["sid=3"]
        _, yes = site.choose("choice=in", place)
        if place and grants:
            assert_tagged(site.get(place=place, cookies=yes))
    if elsewhere:
        assert_tagged(site.get(place=elsewhere))


def minors_are_off(site, agreed="US-TX", places=("US-TX", "DE", "CN", "")):
    """On /kids/, without a signal and with a grant: no tracker. agreed: where a visitor who granted gets all of it elsewhere."""
    _, yes = site.choose("choice=in", agreed)
    for place in places:
        for cookie in (None, yes, yes + "; euconsent-v2=x; OptanonConsent=groups=C0002%3A1%2CC0004%3A1"):
            res = site.get("/kids/page", place, cookies=cookie)
            assert_clean(res, None)
            assert res.all("Referrer-Policy") == ["no-referrer"]
    assert decision(site, "/kids/page").startswith("out;src=route;")
    assert site.get(place=agreed, cookies=yes).get("Referrer-Policy") != "no-referrer"


def withdrawal_counts(site, place, grants=True):
    """In, out again: the next page is clean, and what was set is ended. grants: a yes brings the tags back."""
    _, yes = site.choose("choice=in", place)
    res = site.get(place=place, cookies=yes)
    if grants:
        assert decision(site).startswith("in;src=choice;")
        assert_tagged(res)
    else:
        assert_clean(res, None)
        assert decision(site).startswith("out;src=region;")
    gone, no = site.choose("choice=out", place, f"{yes}; _ga=1; _fbp=2; sid=3")
    ended = {c.split("=")[0] for c in gone.all("Set-Cookie") if re.search(r"Max-Age=0|01 Jan 1970", c)}
    assert {"_ga", "_fbp"} <= ended and "sid" not in ended
    assert gone.get("Clear-Site-Data") == '"cache"'
    assert_clean(site.get(place=place, cookies=no))
    assert decision(site).startswith("out;src=choice;")


def one_step_form(site, place="US-TX"):
    """The choices page: two options and a button, nothing to type, no script; it opts out in one step."""
    res = site.get("/privacy-choices", place)
    assert res.status == 200 and "<script" not in res.text and not re.search(r"<input[^>]*type=\"?(text|email|password|tel)|<textarea|<select| required", res.text)
    assert len(re.findall(r'<input[^>]*type="?radio', res.text)) == 2 and len(re.findall(r"<button", res.text)) == 1
    before = site.get(place=place)
    _, no = site.choose("choice=out", place)
    assert_clean(site.get(place=place, cookies=no))
    return before, no


def place_is_coarse(site):
    """A city at most: the database's coordinates, postcode and district are nowhere, and what a client says of its place is dropped."""
    spoofed = {"Tacet-Geo": "country=FR", "CF-IPCountry": "FR", "CF-IPCity": "Paris", "CF-IPLatitude": FINE[0], "X-Geo-City": "Paris",
               "CloudFront-Viewer-City": "Paris", "CloudFront-Viewer-Latitude": FINE[0], "X-Vercel-IP-City": "Paris", "X-AppEngine-City": "Paris",
               "X-AppEngine-CityLatLong": f"{FINE[0]},{FINE[1]}", "X-Client-Geo-Location": f"{FINE[0]},{FINE[1]}"}
    pages = []
    for fields in ((), spoofed, {**spoofed, **GPC}):
        for place in ("US-TX", "DE", "small"):
            pages.append(said(site.get(place=place, fields=fields)))
            pages += [said(site.get(path, place, fields)) for path in ("/privacy-choices", "/privacy-choices/why")]
    told = [r for r in site.origin.asked("/page")][-9:]
    assert [r.all("Tacet-Geo") for r in told[:3]] == [['country=US, region=US-TX, city="Austin"'], ['country=DE, city="Berlin"'],
                                                     ["country=US, region=US-TX"]]
    assert [r.all("Tacet-Geo") for r in told] == [r.all("Tacet-Geo") for r in told[:3]] * 3
    heads = "".join(r.raw_head.decode("latin-1") for r in told)
    assert "Paris" not in heads
    out = heads + "".join(pages) + outputs(site).decode("latin-1")
    assert [f for f in FINE if f in out] == []
    assert "Austin" in heads  # the control: the database is read


def traces_of(ip):
    """An address as text, hex and numbers."""
    raw = socket.inet_aton(ip)
    return [ip.encode(), raw.hex().encode(), raw.hex().upper().encode(), raw, raw[::-1], str(int.from_bytes(raw, "big")).encode(),
            "::ffff:{:x}:{:x}".format(*[int.from_bytes(raw[i:i + 2], "big") for i in (0, 2)]).encode()]


def address_is_cut(site, fields=()):
    """The origin gets three of four bytes at most, in no field, as no text; tried with every field that might carry one."""
    ip = "61.10.201.177"
    before = len(site.origin.asked("/page"))
    for name in ("X-Real-IP", "Forwarded", "True-Client-IP", "CF-Connecting-IP", "Fastly-Client-IP", "X-Client-IP", "X-Cluster-Client-IP", "Client-IP"):
        value = f"for={ip};proto=https" if name == "Forwarded" else ip
        assert site.get(place=ip, fields=[*harness.as_list(fields), (name, value)]).status == 200
    asked = site.origin.asked("/page")[before:]
    assert len(asked) == 8
    for r in asked:
        assert r.all("X-Forwarded-For") == ["61.10.201.0"], r
        assert not [t for t in traces_of(ip) if t in r.raw_head], r.raw_head


LOADERS = {"analytics": "static.hotjar.com/c/hotjar-1.js", "advertising": "bat.bing.com/bat.js", "personalisation": "cdn.optimizely.com/js/1.js",
           "social": "buttons.social.example/b.js"}


def each_toggle_alone(site, place, loaders=LOADERS):
    """A yes with one class left out takes that one and nothing else."""
    path = site.origin.on("/toggles", answer("<!doctype html><title>t</title>" + "".join(
        f'<script src="https://{host}"></script>' for host in loaders.values())))

    def left(cookie):
        text = site.get(path, place, cookies=cookie).text
        return [name for name, host in loaders.items() if host in text]

    assert left(site.choose("choice=in", place)[1]) == list(loaders)
    page = site.get("/privacy-choices", place).text
    for name in loaders:
        if name == "advertising":  # what the two options are about
            continue
        assert len(re.findall(f'name="deny" value="{name}"', page)) == 1
        assert left(site.choose(f"choice=in&deny={name}", place)[1]) == [n for n in loaders if n != name]
    assert "advertising" not in left(site.choose("choice=out", place)[1])


def told_once_of_a_new_policy(tmp_path, policy):
    """POLICY of the choice cookie: one sentence in the page, once; no pop-up."""
    site = Site(tmp_path, policy)
    try:
        text = (ROOT / f"conf/policies/{policy}.yaml").read_text()
        version = int(re.search(r"version: (\d+), page", text)[1])
        notice = "The privacy policy has changed"
        _, before = site.choose("choice=out")
        assert before.split(".")[3] == str(version) and notice not in site.get("/privacy-choices", cookies=before).text
        site.tacet.stop()
        raised = site.folder / "raised.yaml"
        raised.write_text(text.replace(f"version: {version}, page", f"version: {version + 1}, page"))
        site.write(include=raised)
        site.start()
        first = site.get("/privacy-choices", cookies=before)
        assert first.text.count(notice) == 1 and "<dialog" not in first.text and "<script" not in first.text
        now = choice_cookie(first)
        assert now.split(".")[3] == str(version + 1) and now.split(".")[1] == before.split(".")[1]
        assert notice not in site.get("/privacy-choices", cookies=now).text
        assert_clean(site.get(cookies=now))
    finally:
        site.close()


def kept_for_a_limit(site, months):
    """What is kept, and for how long: a longer one breaks the promise. No file here is about a visitor."""
    code, out = site.check()
    assert code == 0, out
    for path in ("/page", "/privacy-choices"):
        site.get(path, fields=GPC)
    files = [p for p in (site.folder / "state").rglob("*") if p.is_file()]
    assert len(files) == 1 and files[0].stat().st_size < 1000, files  # the key of the choice cookie
    was = site.values["top"]
    try:
        site.write(top=was + f"\nstats: {{keep: {months + 1} months}}")
        code, out = site.check()
        assert code == 1 and "promise retention is broken" in out and f"keep {months + 1} months > {months} months" in out
    finally:
        site.write(top=was)


def mail_is_anonymous(site, target):
    """The open pixel and the click link: answered at the edge, the recipient is told to nobody."""
    for fields in ((), GPC):
        res = site.get("/o.gif?rid=CANARYRID&mkt_tok=CANARYTOK", fields=fields, cookies="hubspotutk=CANARYHUB")
        assert res.status == 200 and res.get("Content-Type") == "image/gif" and len(res.body) == 43 and res.body.startswith(b"GIF8")
        assert not res.has("Set-Cookie")
        res = site.get(f"/c?rid=CANARYRID&mkt_tok=CANARYTOK&url=https%3A%2F%2F{target}%2Foffer%3Fmkt_tok%3DCANARYTOK%26p%3D1", fields=fields)
        assert res.status in (302, 303, 307) and res.get("Location") == f"https://{target}/offer?p=1", res
        other = site.get("/c?rid=CANARYRID&url=https%3A%2F%2Fevil.example%2F", fields=fields)
        assert not other.has("Location") and other.status >= 400
        own = site.get("/c?url=%2Fpage%3Fmkt_tok%3DCANARYTOK%26p%3D1", fields=fields)
        assert own.get("Location") in ("/page?p=1", f"https://{HOST}/page?p=1"), own
    assert not [r for r in site.origin.requests if "CANARY" in r.raw_head.decode("latin-1") or r.path in ("/o.gif", "/c")]
    assert b"CANARY" not in outputs(site)
    path = site.origin.on("/o2.gif", answer(b"GIF89a", type="image/gif"))  # the control: a pixel of another route is the origin's
    site.get(path + "?rid=CANARYRID")
    assert "CANARYRID" in site.origin.last(path).target


# ---- the canary sweep -------------------------------------------------------------------------------

def outputs(site):
    """All that the proxy has said and written so far, but for answers to visitors and requests to the origin."""
    t = site.tacet
    out = "\n".join(t.lines).encode() + t.stderr().encode()
    for path in ("/metrics", "/", "/healthz", "/readyz", "/api/v1/status", "/nothing"):
        res = get(t.admin, path, host=f"127.0.0.1:{t.admin}")
        out += res.raw_head + res.body
    if (site.folder / "admin.sock").exists():
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(20)
            s.connect(str(site.folder / "admin.sock"))
            s.sendall(b"reload\n")
            while data := s.recv(65536):
                out += data
    for p in sorted((site.folder / "state").rglob("*")):
        out += str(p).encode() + (p.read_bytes() if p.is_file() else b"")
    return out


def forms(token):
    """A token as text, hex, base64 at each of its three positions, and plain hashes of it."""
    raw = token.encode()
    out = [raw, raw.lower(), raw.hex().encode(), raw.hex().upper().encode()]
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + raw)
        out.append(coded[4 if shift else 0:-4])  # without what its neighbours have a part in
    for name in ("md5", "sha1", "sha256"):
        digest = hashlib.new(name, raw)
        out += [digest.hexdigest().encode(), digest.digest(), base64.b64encode(digest.digest())[:16], digest.hexdigest()[:16].encode()]
    return out


def found_in(out, tokens, ips):
    low = out.lower()
    return [t for t in tokens if any(f in out or f.lower() in low for f in forms(t))] + \
        [ip for ip in ips if any(f in out for f in traces_of(ip) + forms(ip))]


def traffic(site, tokens, ips):
    """Visits of all kinds, each with what could tell one visitor from another."""
    for i, ip in enumerate(ips):
        fields = {"User-Agent": f"Mozilla/5.0 {tokens['agent']}{i}", "Referer": f"https://from.example/{tokens['referer']}", "Accept-Language": "de",
                  "Authorization": f"Basic {tokens['authorization']}", "X-Request-Id": tokens["field"], **(GPC if i % 2 else {})}
        cookies = f"_ga={tokens['cookie']}; sid={tokens['session']}; {tokens['name']}=1"
        site.get(f"/page?q={tokens['query']}&gclid={tokens['click']}", ip, fields, cookies)
        site.get(f"/{tokens['path']}", ip, fields, cookies)
        site.get(f"/o.gif?rid={tokens['query']}", ip, fields, cookies)
        site.get(f"/kids/page?x={tokens['query']}", ip, fields, cookies)
        site.get("/privacy-choices/why", ip, fields, cookies)
        site.get("/privacy-choices", ip, {**fields, **OWN}, cookies, "POST", f"choice=out&x={tokens['body']}".encode())
        site.get("/.well-known/tacet/csp-report", ip, {**fields, "Content-Type": "application/csp-report"}, cookies, "POST",
                 json.dumps({"csp-report": {"document-uri": f"https://{HOST}/{tokens['path']}", "blocked-uri": f"https://x.example/{tokens['query']}",
                                            "effective-directive": "script-src"}}).encode())


def failures(site, tokens, ips):
    """The same where something goes wrong."""
    t = site.tacet

    def bad(raw):
        with Client(t.port, HOST) as c:
            c.send(raw)
            try:
                c.answer()
            except (harness.Broken, OSError):
                pass

    head = f"Host: {HOST}\r\nX-Forwarded-For: {ips[0]}\r\nX-Forwarded-Proto: https\r\nCookie: sid={tokens['session']}\r\n"
    bad(f"GET /{tokens['path']} HTTP/9.9\r\n{head}\r\n".encode())
    bad(f"GET /{tokens['path']} HTTP/1.1\r\n{head}Host: {tokens['field']}\r\n\r\n".encode())
    bad(f"GET /{tokens['path']}?{'a' * 9000} HTTP/1.1\r\n{head}\r\n".encode())
    bad(f"GET / HTTP/1.1\r\n{head}X-Large: {tokens['field'] * 4000}\r\n\r\n".encode())
    bad(f"{tokens['name']} \0 {tokens['query']}\r\n\r\n".encode())
    bad(f"POST /page HTTP/1.1\r\n{head}Content-Length: 10\r\nTransfer-Encoding: chunked\r\n\r\n{tokens['body']}".encode())
    bad(f"GET / HTTP/1.1\r\nHost: {tokens['field']}.example\r\n\r\n".encode())
    reset = site.origin.on("/reset", lambda conn, _request: False)
    half = site.origin.on("/half", lambda conn, _request: conn.sendall(answer("x" * 50, {"X-Token": tokens["field"]})[:-30]) and False)
    for path in (reset, half):
        with Client(t.port, HOST) as c:
            c.ask(f"{path}?q={tokens['query']}", site.fields(ips[0], {"User-Agent": tokens["agent"]}, f"sid={tokens['session']}"))
            if path == half:
                continue  # gone before the end
            try:
                c.answer()
            except (harness.Broken, OSError):
                pass
    good = site.conf.read_text()
    site.conf.write_text(good.replace("hosts: [", "hostss: ["))
    t.reload()
    wait_until(lambda: total(t.metrics(), "tacet_config_reload_success") == 0, "the refusal of a broken file")
    site.conf.write_text(good)
    t.reload()
    wait_until(lambda: total(t.metrics(), "tacet_config_reload_success") == 1, "the good file")


def canary_sweep(tmp_path, policy, **kw):
    """Unique values in all that a visitor sends, on good ways and bad, and then the search for them in every byte that was written."""
    names = ("agent", "referer", "authorization", "field", "cookie", "session", "name", "query", "click", "path", "body")
    tokens = {n: f"Zq{n.capitalize()}7Xk9Wv3" for n in names}
    ips = [address(place, f"{201 + i}.{177 - i}") for i, place in enumerate(("US-TX", "DE", "CN", "BR"))]
    site = Site(tmp_path, policy, **kw)
    try:
        traffic(site, tokens, ips)
        arrived = b"".join(r.raw_head for r in site.origin.requests)
        assert [n for n in ("agent", "session", "path", "query") if tokens[n].encode() not in arrived] == []  # the control: it was there to be kept
        failures(site, tokens, ips)
        out = outputs(site)
        site.origin.close()
        site.get(f"/{tokens['path']}", ips[0], {"User-Agent": tokens["agent"]})
        out += outputs(site)
        site.tacet.signal(signal.SIGTERM)
        site.tacet.wait()
        out += "\n".join(site.tacet.lines).encode() + site.tacet.stderr().encode()
        for p in site.folder.rglob("*"):
            out += str(p.relative_to(site.folder)).encode() + (p.read_bytes() if p.is_file() and p.suffix not in (".mmdb", ".yaml") else b"")
    finally:
        site.close()
    assert b"tacet_http_requests_total" in out and b"ready" in out
    assert found_in(out, tokens.values(), ips) == []
    everyone = list(tokens.values())
    for leak in (f for t in everyone[:2] for f in forms(t)):  # the control: each form is found where it is
        assert found_in(out + b" " + leak, everyone, ips)
    for leak in traces_of(ips[0]) + [hashlib.sha256(ips[1].encode()).hexdigest().encode()]:
        assert found_in(out + leak, everyone, ips)


def small_crowds_are_not_shown(site, k):
    """aggregate_metrics_only: a smaller k than the policy says is refused. What is released of a page with k - 1 visitors: later."""
    was = site.values["top"]
    try:
        site.write(top=was + f"\nstats: {{privacy: {{k: {k - 1}}}}}")
        code, out = site.check()
        assert code == 1 and f"stats.privacy.k: {k - 1} < {k}" in out, out
    finally:
        site.write(top=was)
    assert site.check()[0] == 0


def only_listed_hosts(tmp_path, policy, promise, listed, place, elsewhere):
    """residency: of who said yes but did not agree to the export, nobody is asked whom the list does not name. Controls: elsewhere; with it."""
    change = {promise: promise.replace("hosts: []", f"hosts: [{', '.join(listed)}]"), "residency: [],": f"residency: [{', '.join(listed)}],"}
    site = Site(tmp_path, policy, change)
    try:
        hosts = ["cdn.listed.example", "cdn.unlisted.example", "fonts.googleapis.com", "static.hotjar.com"]
        path = site.origin.on("/far", answer("<!doctype html><title>t</title><img src=/own.gif>" + "".join(
            f'<script src="https://{h}/c/hotjar-1.js"></script><link rel=stylesheet href="https://{h}/s.css"><img src="https://{h}/i.png">' for h in hosts),
            [("Link", f"<https://{h}/s.css>; rel=preload; as=style") for h in hosts]))

        def asked(cookie, where=place):
            res = site.get(path, where, cookies=cookie)
            assert "/own.gif" in res.text
            return [h for h in hosts if h in said(res)]

        _, yes = site.choose("choice=in", place)
        assert asked(yes) == listed and asked(yes, "") == listed
        assert asked(None) in ([], listed)
        egress = set(re.findall(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+", site.get(path, place).all("Content-Security-Policy")[-1]))
        assert egress <= {HOST, *listed}, egress
        page = site.get("/privacy-choices", place).text
        assert 'name="export" value="on"' in page and 'name="export"' not in site.get("/privacy-choices", elsewhere).text
        _, agreed = site.choose("choice=in&export=on", place, yes)
        assert asked(agreed) == hosts
        _, withdrawn = site.choose("choice=in", place, agreed)
        assert asked(withdrawn) == listed
        assert asked(site.choose("choice=in", elsewhere)[1], elsewhere) == hosts
    finally:
        site.close()


def loaders_abroad(tmp_path, policy, place):
    """An inline loader of a tracker, for a visitor of a place with a residency list who said no."""
    site = Site(tmp_path, policy)
    try:
        for path in ("/page", "/kids/page"):
            assert tags(site.get(path, place, GPC)) == []
    finally:
        site.close()
