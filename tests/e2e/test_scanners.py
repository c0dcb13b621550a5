"""What scanners of Global Privacy Control look at (ux.md 1.5), on a site with OneTrust, GPP and US Privacy; the bridge's script."""
import base64
import hashlib
import re

import pytest

from harness import answer

CONF = """
version: 1
listen: [{{address: "127.0.0.1:0"}}]
admin: {{address: "127.0.0.1:0"}}
sites: [{{hosts: [www.shop.example], origin: {{url: "{url}"}}}}]
rule_sets:
  said-no: {{scripts: {{remove: [analytics, advertising, personalisation, social]}}, bridge: {bridge}, contain: {contain}}}
  light: {{}}
regions: [{{name: rest, where: ["*"], default: light, opted_out: said-no}}]
geo: {{unknown: US-CA}}
"""
SAID_NO = {"Sec-GPC": "1"}
CSP = "Content-Security-Policy"
CANARY = "c4n4ryBr1dge"
PAGE = """<!doctype html><html><head><meta charset=utf-8><title>Shop</title>
<script src="https://www.googletagmanager.com/gtm.js?id=GTM-1"></script></head><body><p>hello</body></html>"""
CARRIED = {
    "sid": CANARY,
    "usprivacy": "1YNN",
    "OptanonConsent": "isGpcEnabled=0&datestamp=x&version=202601.1.0&browserGpcFlag=0&groups=C0001%3A1%2CC0002%3A1%2CC0003%3A1%2CC0004%3A1",
    "OTGPPConsent": "DBABLA~BVQqAAAAAgA.QA",
    "OneTrustWPCCPAGoogleOptOut": "false",
}


@pytest.fixture
def site(start, fresh_origin, tmp_path):
    conf = tmp_path / "t.yaml"

    def begin(bridge="[usprivacy, gpp, cmp]", contain="none", fields=(), page=PAGE):
        fresh_origin.on("/p", answer(page, fields))
        conf.write_text(CONF.format(url=fresh_origin.url, bridge=bridge, contain=contain))
        return start("-c", conf, listen=False)

    return begin


def visit(proxy, jar, fields=SAID_NO):
    """One page, with the cookies as a browser keeps them: those of the registrable domain and of the host are one jar here."""
    cookie = "; ".join(f"{n}={v}" for n, v in jar.items())
    res = proxy.get("/p", {**fields, "Sec-Fetch-Dest": "document", **({"Cookie": cookie} if cookie else {})}, host="www.shop.example")
    for field in res.all("Set-Cookie"):
        name, value = field.split(";")[0].split("=", 1)
        if "Max-Age=0" in field:
            jar.pop(name, None)
        else:
            jar[name] = value
    return res


def opt_outs(gpp):
    bits = "".join(f"{'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.index(c):06b}" for c in gpp.split("~")[1].split(".")[0])
    return [int(bits[i:i + 2], 2) for i in (18, 20, 22)]


def script(res):
    found = re.findall(r'<script data-tacet="bridge"([^>]*)>(.*?)</script>', res.text, re.S)
    assert len(found) <= 1
    return found[0] if found else None


def test_the_checklist(site):
    proxy, jar = site(), dict(CARRIED)
    res = visit(proxy, jar)
    assert jar["usprivacy"][2] == "Y"
    assert "isGpcEnabled=1" in jar["OptanonConsent"].split("&")
    assert "C0002%3A0" in jar["OptanonConsent"] and "C0004%3A0" in jar["OptanonConsent"] and "C0003%3A1" in jar["OptanonConsent"]
    assert opt_outs(jar["OTGPPConsent"]) == [1, 1, 1] and jar["OTGPPConsent"].endswith(".YA")
    assert jar["OneTrustWPCCPAGoogleOptOut"] == "true"
    assert jar["sid"] == CANARY, "and nothing else was touched"
    assert "googletagmanager" not in res.text
    assert '"gpc": true' in proxy.get("/.well-known/gpc.json", host="www.shop.example").text
    again = visit(proxy, jar)
    names = {c.split("=")[0] for c in again.all("Set-Cookie")}
    assert not names & set(CARRIED), "what says no is not set again"


def test_formats_that_the_site_has_not_are_not_brought_in(site):
    jar = {"sid": "1"}
    visit(site(), jar)
    assert set(jar) == {"sid", "tacet_choice"}


def test_one_cookie_is_left_of_each(site):
    res = visit(site(), dict(CARRIED))
    mine = [c for c in res.all("Set-Cookie") if c.startswith("usprivacy=")]
    assert mine == ["usprivacy=; Path=/; Max-Age=0", "usprivacy=; Path=/; Max-Age=0; Domain=www.shop.example",
                    "usprivacy=1YYN; Path=/; Max-Age=31536000; SameSite=Lax; Domain=shop.example"]


def test_who_said_nothing_keeps_his(site):
    proxy, jar = site(), dict(CARRIED)
    res = visit(proxy, jar, {})
    assert jar == CARRIED and res.text == PAGE


def test_only_what_the_rule_set_names(site):
    jar = dict(CARRIED)
    res = visit(site("[gpp]"), jar)
    assert jar["usprivacy"] == "1YNN" and jar["OptanonConsent"] == CARRIED["OptanonConsent"] and opt_outs(jar["OTGPPConsent"]) == [1, 1, 1]
    assert "__gpp" in script(res)[1] and "__uspapi" not in script(res)[1]
    assert script(visit(site("[]"), {})) is None


def test_script_is_first_in_the_head(site):
    res = visit(site(), {})
    attributes, text = script(res)
    assert attributes == "" and res.text.startswith('<!doctype html><html><head><script data-tacet="bridge">')
    assert "globalPrivacyControl" in text and "'ads_data_redaction', true" in text
    assert visit(site(), dict(CARRIED)).text == res.text, "the same for everyone"


def runs(policies, attributes, text):
    """Whether each policy lets the script run, as browsers decide it."""
    digest = "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"
    nonce = re.search('nonce="([^"]*)"', attributes)
    for policy in ", ".join(policies).split(", "):
        found = {d.split()[0]: d.split()[1:] for d in policy.split(";") if d.strip()}
        sources = next((found[n] for n in ("script-src-elem", "script-src", "default-src") if n in found), None)
        strict = sources is not None and any(s.startswith(("'nonce-", "'sha")) or s == "'strict-dynamic'" for s in sources)
        if not (sources is None or ("'unsafe-inline'" in sources and not strict) or digest in sources or
                (nonce and f"'nonce-{nonce[1]}'" in sources)):
            return False
    return True


@pytest.mark.parametrize("policies, same", [
    (["script-src 'nonce-R4nd+om=' 'strict-dynamic'; object-src 'none'"], True),
    (["script-src 'self' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"], False),
    (["script-src 'self' 'unsafe-inline'"], True),
    (["default-src 'none'; img-src 'self'"], False),
    (["default-src 'self'", "script-src 'nonce-abc'"], False),
    (["img-src *"], True),
])
@pytest.mark.parametrize("contain", ["none", "enforce"])
def test_policies_of_the_site(site, policies, same, contain):
    proxy = site(fields=[(CSP, p) for p in policies], contain=contain)
    res = visit(proxy, {})
    own = res.all(CSP)[:len(policies)]
    assert runs(res.all(CSP), *script(res))
    assert (own == policies) == same
    assert visit(proxy, {}, {}).all(CSP) == policies, "for others they stay"


def test_a_policy_in_meta_comes_behind(site):
    page = PAGE.replace("<meta charset=utf-8>", '<meta http-equiv="Content-Security-Policy" content="script-src \'none\'">')
    res = visit(site(page=page), {})
    assert res.text.index("data-tacet") < res.text.index("http-equiv") and "script-src 'none'" in res.text


def test_a_sandbox_has_none(site):
    assert script(visit(site(fields=[(CSP, "sandbox allow-forms")]), {})) is None


def test_a_copy_is_confirmed(site, fresh_origin):
    proxy = site(fields=[("ETag", '"1"'), (CSP, "default-src 'self'")])
    res = visit(proxy, {})
    fresh_origin.on("/p", answer(b"", [("ETag", '"1"'), (CSP, "default-src 'self'")], status="304 Not Modified", type=None, length=False))
    again = proxy.get("/p", {**SAID_NO, "Sec-Fetch-Dest": "document", "If-None-Match": res.get("ETag")}, host="www.shop.example")
    assert again.status == 304 and runs(again.all(CSP), *script(res)), "its fields replace those of the copy"


def test_nothing_of_a_visitor_is_counted_by_name(site):
    proxy = site()
    visit(proxy, dict(CARRIED))
    assert proxy.metrics()["tacet_filter_actions_total", frozenset({("action", "bridged"), ("pack", "built-in")})] == 5
