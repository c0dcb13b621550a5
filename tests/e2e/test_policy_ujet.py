"""UJET (2019-08-15): a test for each row of what conf/policies/ujet.yaml promises, with its control."""
import json
import subprocess

import pytest

from harness import answer, get, tacet_path
from policies import (GPC, HOST, Site, address_is_cut, assert_clean, assert_tagged, canary_sweep, gpc_is_honoured, loaders_abroad,
                      mail_is_anonymous, minors_are_off, one_step_form, only_listed_hosts, site_of, withdrawal_counts)

site = site_of("ujet")
PLACES = ("US-TX", "US-CA", "GB", "CN", "BR")  # the EU has a residency list: below
KEPT = "cdn.kept.example"


def test_dnt_signals(site):
    """'do not currently process or respond to “DNT” signals': they are heard, and Tk says so"""
    _, yes = site.choose("choice=in")
    for place in PLACES:
        for value in ("1", "1xyz"):
            res = site.get(place=place, fields={"DNT": value}, cookies=yes)
            assert_clean(res)
            assert res.all("Tk") == ["N;o"] and site.origin.last("/page").get("Privacy-Decision").startswith("out;src=dnt;")
    status = site.get("/.well-known/dnt/o")
    assert status.status == 200 and json.loads(status.text)["tracking"] == "N"
    res = site.get(fields={"DNT": "0"}, cookies=yes)
    assert_tagged(res)
    assert res.all("Tk") == ["T;d"]
    site.get(fields=GPC)
    assert not site.origin.last("/page").has("DNT")


def test_signals_are_honoured(site):
    """'opt out of interest-based advertising click here': the browser's own signal does, everywhere"""
    _, yes = site.choose("choice=in")
    gpc_is_honoured(site, PLACES, cookies=yes)


def test_opt_out_click_here(site, tmp_path):
    """'opt out of interest-based advertising click here': an own page with one step; check --html finds links to those of the industry"""
    _, yes = site.choose("choice=in")
    one_step_form(site)
    page, good = tmp_path / "policy.html", tmp_path / "good.html"
    page.write_text('<p>To opt out of interest-based advertising <a href="https://optout.networkadvertising.org/?c=1">click here</a>.')
    good.write_text('<p>To opt out of interest-based advertising <a href="/privacy-choices">click here</a>.')
    ran = subprocess.run([tacet_path(), "check", "--html", page], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 1 and "optout.networkadvertising.org" in ran.stderr + ran.stdout
    ran = subprocess.run([tacet_path(), "check", "--html", good], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr


def test_no_sale_unless_asked_to(site):
    """'We do not sell your Personal Data' ... 'unless you ask us to do this or give us your consent'"""
    assert_clean(site.get(), None)
    _, yes = site.choose("choice=in")
    assert_tagged(site.get(cookies=yes))
    assert_clean(site.get(cookies=yes, fields=GPC))
    _, no = site.choose("choice=out", cookies=yes)
    assert_clean(site.get(cookies=no))
    assert_tagged(site.raw())


def test_limited_to_processors(tmp_path):
    """'We limit the personal and other data provided to Processors': a kept vendor gets the origin as Referer, no id, no cookie"""
    site = Site(tmp_path, "ujet", change={"third_party_minimised: {hosts: []": f"third_party_minimised: {{hosts: [{KEPT}]"},
                site=f"    allow: [{KEPT}]")
    try:
        page = (f'<!doctype html><title>t</title><script src="https://{KEPT}/k.js?v=1"></script><a href="/next?x=1">n</a>'
                '<script src="https://cdn.unlisted.example/u.js"></script>')
        path = site.origin.on("/kept", answer(page, {"Referrer-Policy": "unsafe-url"}))
        res = site.get(path + "?mkt_tok=CANARY&x=1")
        assert f"https://{KEPT}/k.js?v=1" in res.text and "cdn.unlisted.example" not in res.text
        assert res.all("Referrer-Policy") == ["strict-origin-when-cross-origin"]
        assert site.origin.last(path).target == "/kept?x=1"
        assert KEPT in res.all("Content-Security-Policy")[-1]
        assert get(site.origin.port, path, host=HOST).all("Referrer-Policy") == ["unsafe-url"]  # the control
        site.write(site="    allow: [cdn.kept.example, cdn.other.example]")
        code, out = site.check()
        assert code == 1 and "host cdn.other.example passes but is not in hosts" in out
    finally:
        site.close()


def test_server_logs(tmp_path):
    """'We collect this information in server logs': no log of requests is written"""
    canary_sweep(tmp_path, "ujet")


def test_addresses_in_server_logs(site):
    """The same sentence: those of the origin get a cut address"""
    address_is_cut(site)
    address_is_cut(site, GPC)


def test_interaction_with_email(tmp_path):
    """'your interaction with email messages'"""
    site = Site(tmp_path, "ujet", change={"click: [/c], says": "click: [/c], targets: [shop.example.net], says"}, targets="shop.example.net")
    try:
        mail_is_anonymous(site, "shop.example.net")
    finally:
        site.close()


def test_children(site):
    """'personal data about children under 16'"""
    minors_are_off(site, places=PLACES)


@pytest.mark.parametrize("listed", [[], ["cdn.listed.example"]])
def test_hosted_in_the_united_states(tmp_path, listed):
    """'the Service is hosted in the United States': visitors of the EU are sent to listed hosts alone, but who agreed to the export"""
    only_listed_hosts(tmp_path, "ujet", "residency: {region: [EU, EEA], hosts: []", listed, "DE", "US-TX")


@pytest.mark.parametrize("place", ["DE", ""])
def test_inline_loaders_abroad(tmp_path, place):
    """The same visitors, who said no: a loader in an inline script (their second CSP holds it)"""
    loaders_abroad(tmp_path, "ujet", place)


def test_withdraw_at_any_time(site):
    """'withdraw your consent at any time'"""
    withdrawal_counts(site, "US-TX")
    withdrawal_counts(site, "GB")
