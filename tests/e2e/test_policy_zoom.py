"""Zoom (undated): a test for each row of what conf/policies/zoom.yaml promises, with its control."""
import re
import subprocess

import pytest

from harness import answer, tacet_path
from policies import (FIELDS, GPC, PAGE, Site, assert_clean, assert_tagged, canary_sweep, each_toggle_alone, gpc_is_honoured, new_cookies,
                      nothing_before_consent, place_is_coarse, said, site_of)

site = site_of("zoom")


def test_to_the_nearest_city(site):
    """'To the nearest city' (that the struct has no room for more: test_geo.c)"""
    place_is_coarse(site)


def test_the_right_notices(site):
    """'the right notices for your area': one visitor of each region, with its text, in a language of theirs"""
    for place, text in (("DE", "Privacy choices"), ("US-CA", "Your Privacy Choices"), ("US-TX", "Privacy choices"), ("", "Privacy choices")):
        page = site.get(place=place).text
        link = re.findall(r'<a data-tacet="link" href="/privacy-choices">(.*?)</a>', page, re.S)
        assert len(link) == 1 and re.sub(r"<[^>]*>", "", link[0]).strip() == text, (place, link)
        assert ("choices.svg" in link[0]) == (place == "US-CA")
    for language in ("en", "es", "fr", "de"):
        assert f'lang="{language}"' in site.get("/privacy-choices", fields={"Accept-Language": language}).text
    assert "privacy-choices" not in site.raw().text


def test_language_preferences(site):
    """'Suggest choices such as language preferences': by hints, without a cookie"""
    path = site.origin.on("/hint", answer("<p>x"))
    for fields in ((), GPC):
        res = site.get(path, "DE", {"Accept-Language": "fr-FR,fr;q=0.8", **dict(fields)})
        asked = site.origin.last(path)
        assert asked.all("Accept-Language") == ["fr-FR,fr;q=0.8"] and asked.all("Tacet-Geo") == ['country=DE, city="Berlin"']
        assert not [c for c in res.all("Set-Cookie") if not c.startswith("tacet_choice=")] and res.has("Set-Cookie") == bool(fields)


def test_anonymised_analytics(tmp_path):
    """'Conduct anonymized, aggregated analytics'"""
    canary_sweep(tmp_path, "zoom")


def test_all_cookies(site):
    """'All cookies are visible in the Cookie Preferences tool': one that nobody knows is stripped for who said no"""
    path = site.origin.on("/new-cookie", answer("<p>x", [("Set-Cookie", "brandnew=1; Path=/"), ("Set-Cookie", "sid=2; Path=/")]))
    assert new_cookies(site.get(path)) == ["brandnew", "sid"]
    site.get(path, cookies="brandnew=1; sid=2")
    assert site.origin.last(path).all("Cookie") == ["brandnew=1; sid=2"]
    for place, fields in (("US-TX", GPC), ("DE", ()), ("DE", GPC)):
        assert new_cookies(site.get(path, place, fields)) == ["sid"]
        site.get(path, place, fields, "brandnew=1; sid=2")
        assert site.origin.last(path).all("Cookie") == ["sid=2"]
    listed = site.get("/privacy-choices").text
    assert re.search(r"<code>sid</code></bdi>: Necessary for this site <bdi>\(\d{4}-\d\d-\d\d\)", listed), listed
    assert "<code>tacet_choice</code></bdi>: Necessary" in listed and "brandnew" not in listed, "few responses had it"
    site.origin.on(path, answer("<p>x", [("Set-Cookie", "brandnew=1; Path=/"), ("Set-Cookie", "u4711x0815y42=1; Path=/"),
                                         ("Set-Cookie", "_ga_ABC123=CANARY; Path=/")]))
    for _ in range(12):
        site.get(path)
    listed = site.get("/privacy-choices", fields={"Accept-Language": "de"}).text
    assert "<code>brandnew</code></bdi>: Purpose not known" in site.get("/privacy-choices").text
    assert "Zweck unbekannt" in listed and "<code>#</code>" in listed and "_ga_" in listed
    assert not re.search("4711|0815|ABC123|CANARY", listed)


def test_a_cookie_that_nobody_knows(tmp_path):
    """The same sentence: verify --strict fails on it"""
    site = Site(tmp_path, "zoom", {"pages: [/]": "pages: [/page]"}, ready=False)
    try:
        site.conf.write_text(site.conf.read_text().replace(", redirect: https", ""))
        site.start()

        def verify(*args):
            ran = subprocess.run([tacet_path(), "verify", "-c", site.conf, f"http://127.0.0.1:{site.tacet.port}", *args],
                                 capture_output=True, text=True, timeout=120)
            return ran.returncode, ran.stdout
        assert verify("--strict")[0] == 0
        site.origin.on("/page", answer(PAGE, [*FIELDS, ("Set-Cookie", "brandnew=1; Path=/")]))
        assert verify()[0] == 0
        code, out = verify("--strict")
        assert code == 1 and "cookie" in out, out
    finally:
        site.close()


def test_control_over_non_essential_cookies(site):
    """'You have control over what non-essential cookies you accept'"""
    each_toggle_alone(site, "DE")
    each_toggle_alone(site, "US-TX")
    nothing_before_consent(site, ("DE", "NO", "GB", "CH"))


def test_advertising_on_other_sites(site):
    """'tailored Zoom advertising when you are on other sites' (with 'Google Analytics'): the tag goes, and its hits on our own paths"""
    gpc_is_honoured(site)
    hit = site.origin.on("/g/collect", answer(b"", status="204 No Content", type=None, length=False))
    ask = hit + "?v=2&tid=G-ABCDEF1&gcs=G100&cid=1.2"
    for method in ("GET", "POST"):
        res = site.get(ask, fields={**GPC, "Sec-Fetch-Dest": "empty"}, method=method, body=b"" if method == "POST" else None)
        assert res.status == 204
    for fields in (GPC, {}):
        assert site.get(ask, "DE", {**fields, "Sec-Fetch-Dest": "empty"}).status == 204
    assert not site.origin.asked(hit)
    assert "google" not in said(site.get(fields=GPC)).lower()
    site.get(ask, fields={"Sec-Fetch-Dest": "empty"})
    assert [r for r in site.origin.asked(hit) if "gcs=G100" in r.target]  # the control


def test_a_site_that_keeps_a_tracker_is_refused(tmp_path):
    """What the proof adds: no configuration with the profile does otherwise."""
    kept = Site(tmp_path, "zoom", ready=False, site="    allow: [google-analytics.com]")
    code, out = kept.check()
    assert code == 1 and "promise gpc_everywhere is broken" in out and "promise no_third_party_before_consent is broken" in out
    kept.close()


def test_the_page_itself(site):
    assert_tagged(site.get())
    assert_clean(site.get(place="DE"), None)
