"""Udesk (2025-02-05): a test for each row of what conf/policies/udesk.yaml promises, with its control."""
import json
import re

from harness import answer
from policies import (GPC, STATUS, Site, address_is_cut, assert_clean, assert_tagged, canary_sweep, choice_cookie, decision, gpc_is_honoured,
                      minors_are_off, nothing_before_consent, one_step_form, place_is_coarse, site_of)

site = site_of("udesk")


def test_opt_out_preference_signals(site):
    """'honor "not sell or share" opt-out preference signals' ... '(such as HTTP header fields or JavaScript objects)'"""
    gpc_is_honoured(site)


def test_javascript_objects(site):
    """The page hears of a no that was said on the choices page: the first script sets navigator.globalPrivacyControl (a browser: test_gpc.py)."""
    assert "globalPrivacyControl" not in site.get().text
    _, no = site.choose("choice=out")
    page = site.get(cookies=no).text
    first = re.search(r"<script\b[^>]*>(.*?)</script>", page, re.S)
    assert page.index("<head") < first.start() < page.index("<title") and "globalPrivacyControl" in first[1]


def test_on_each_device(site):
    """'This step must be performed on each device': not here, a login carries it."""
    _, no = site.choose("choice=out")
    assert_clean(site.get(cookies=no))
    assert_tagged(site.get())
    login = site.origin.on("/login", answer(site.raw().text, {"Privacy-Account-Choice": "opt-out"}))
    res = site.get(login)
    assert_clean(res)
    assert not res.has("Privacy-Account-Choice") and choice_cookie(res).startswith("tacet_choice=v1.out.")
    assert_clean(site.get(cookies=choice_cookie(res)))
    assert_tagged(site.get(fields={"Privacy-Account-Choice": "opt-out"}))
    assert not site.origin.last("/page").has("Privacy-Account-Choice")


def test_a_cleared_cookie_cache(site):
    """'If you clear your cookie cache, you will need to follow the above steps again': not with the signal, nor after a login."""
    _, no = site.choose("choice=out")
    assert_clean(site.get(cookies=no))
    assert_tagged(site.get())
    assert_clean(site.get(fields=GPC))
    login = site.origin.on("/login/again", answer(site.raw().text, {"Privacy-Account-Choice": "opt-out"}))
    assert_clean(site.get(login))


def test_without_cookies(site):
    """'If you disable cookies, we will not be able to honor your request': the signal needs none; who has neither is told."""
    for _ in range(3):
        assert_clean(site.get(fields=GPC))
    _, no = site.choose("choice=out")
    told = "did not keep the cookie"
    lost, kept = site.get("/privacy-choices/saved").text, site.get("/privacy-choices/saved", cookies=no).text
    assert told in lost and "Global Privacy Control" in lost and told not in kept and STATUS in kept
    assert "?" not in site.choose("choice=out")[0].get("Location"), "no token in an address"


def test_link_in_the_footer(site):
    """'"Do Not Sell My Shared Information" link in the footer': on each page, for visitors of each place"""
    text = "Do Not Sell My Shared Information"
    for path in ("/", "/pricing", "/blog/first"):
        site.origin.on(path, answer("<!doctype html><title>t</title><body><p>words</p></body>"))
        for place in ("US-TX", "US-CA", "DE", ""):
            for fields in ((), GPC):
                page = site.get(path, place, fields).text
                link = re.findall(r'<a[^>]*href="/privacy-choices"[^>]*>(.*?)</a>', page, re.S)
                assert text in " ".join(link), (path, place, fields, link)
                assert page.index("/privacy-choices") > page.index("words")
    assert text not in answer("").decode() and text not in site.raw().text
    one_step_form(site)


def test_within_fifteen_business_days(site):
    """'within fifteen business days': with the next request"""
    before, no = one_step_form(site)
    assert_tagged(before)
    assert decision(site).startswith("out;src=choice;")
    res, _ = site.choose("choice=out")
    assert res.get("Clear-Site-Data") == '"cache"'
    _, yes = site.choose("choice=in", cookies=no)
    assert_tagged(site.get(cookies=yes))


def test_minors(site):
    """'any minor under the age of 16'"""
    minors_are_off(site)
    assert_tagged(site.get())


def test_approximate_location(site):
    """'approximate location based on your IP address': a city at most, and of who said no a part of the address"""
    place_is_coarse(site)
    address_is_cut(site, GPC)


def test_de_identified(tmp_path):
    """'de-identify, anonymize and aggregate personal data'"""
    canary_sweep(tmp_path, "udesk")


def test_consent_where_required(site):
    """'Consent (where required by law)'"""
    nothing_before_consent(site, ("DE", "FR", "NO", "GB", "CH"))


def test_a_rule_that_loosens_it_is_refused(tmp_path):
    """The profile is what holds all of this: a site that lets a tracker through does not start."""
    site = Site(tmp_path, "udesk", ready=False, site="    allow: [connect.facebook.net]")
    code, out = site.check("--format", "json")
    broken = {m["path"] for m in json.loads(out)["messages"]}
    assert code == 1 and {"promises.keep.gpc_everywhere", "promises.keep.no_third_party_before_consent"} <= broken
    site.close()
