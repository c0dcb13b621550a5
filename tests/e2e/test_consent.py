"""Cookies of the site's own consent tools: a no from any of them, a yes from those that the site lists."""
import json
import subprocess

import pytest

from harness import Origin, Tacet, answer, tacet_path

PAGE = answer("<!doctype html><title>t</title><body><p>hello"
              "<script src=https://www.google-analytics.com/analytics.js></script>"
              "<script src=https://connect.facebook.net/en_US/fbevents.js></script></body>")
STATUS = "Opt-Out Request Honored"

CONFIG = """
version: 1
listen: [{{address: "127.0.0.1:0"}}]
admin: {{address: "127.0.0.1:0"}}
geo: {{unknown: {place}}}
sites:
  - hosts: ["*"]
    origin: {{url: "http://127.0.0.1:{origin}"}}
    consent: [onetrust]
rule_sets:
  essential-only:
    cookies: {{request: drop-listed, response: drop-listed}}
    scripts: {{remove: [analytics, advertising, personalisation, social]}}
    status: "Opt-Out Request Honored"
  light: {{}}
regions:
  - {{name: eu, where: [EU], honour: [gpc, dnt, choice, consent], default: essential-only, opted_out: essential-only, opted_in: light}}
  - {{name: us, where: [US], honour: [gpc, dnt, choice, consent], default: light, opted_out: essential-only}}
  - {{name: rest, where: ["*"], default: light, opted_out: essential-only}}
"""


def onetrust(**groups):
    return ("OptanonConsent=isGpcEnabled=0&datestamp=Tue+Nov+18+2025&version=202601.1.0&interactionCount=1&groups="
            + "%2C".join(f"{group}%3A{value}" for group, value in groups.items()) + "&geolocation=DE%3BBE")


ALL = onetrust(C0001=1, C0002=1, C0003=1, C0004=1)
NONE = onetrust(C0001=1, C0002=0, C0003=0, C0004=0)
STATISTICS = onetrust(C0001=1, C0002=1, C0003=0, C0004=0)


@pytest.fixture(scope="module")
def site():
    origin = Origin()
    origin.on("/page", PAGE)
    yield origin
    origin.close()


def proxy_in(place):
    @pytest.fixture(scope="module")
    def proxy(site, tmp_path_factory):
        file = tmp_path_factory.mktemp("consent") / "site.yaml"
        file.write_text(CONFIG.format(place=place, origin=site.port))
        tacet = Tacet("-c", file)
        tacet.file = file
        yield tacet
        tacet.stop()
    return proxy


europe = proxy_in("DE")
america = proxy_in("US-TX")
elsewhere = proxy_in("JP")


def ask(proxy, site, *cookies):
    """What is on the page, and what the origin was told."""
    res = proxy.get("/page", [("Cookie", c) for c in cookies])
    assert res.status == 200
    seen = site.last("/page")
    return {"analytics": "google-analytics" in res.text, "advertising": "facebook" in res.text,
            "status": STATUS in res.text, "gpc": seen.all("Sec-GPC"), "decision": seen.get("Privacy-Decision").split(";rules")[0],
            "cookies": seen.all("Cookie")}


def test_without_a_cookie_the_region_decides(europe, america, site):
    seen = ask(europe, site)
    assert not seen["analytics"] and not seen["advertising"] and not seen["status"]
    assert seen["decision"] == "out;src=region;region=eu"
    seen = ask(america, site)
    assert seen["analytics"] and seen["advertising"]


def test_a_yes_to_all(europe, site):
    seen = ask(europe, site, ALL)
    assert seen["analytics"] and seen["advertising"] and not seen["status"]
    assert seen["decision"].startswith("in") and seen["gpc"] == []
    assert seen["cookies"] == [ALL]  # the site's own: nobody touches it


def test_a_yes_to_statistics_alone(europe, site):
    seen = ask(europe, site, STATISTICS)
    assert seen["analytics"] and not seen["advertising"]
    assert seen["decision"] == "out;src=consent;region=eu"


def test_a_no(europe, america, site):
    for proxy, region in ((europe, "eu"), (america, "us")):
        seen = ask(proxy, site, NONE)
        assert not seen["analytics"] and not seen["advertising"] and seen["status"]
        assert seen["decision"] == f"out;src=consent;region={region}" and seen["gpc"] == ["1"]


@pytest.mark.parametrize("cookie", [
    ALL + "%", ALL.replace("=isGpc", "=&novalue&isGpc"), "OptanonConsent=" + "x" * 4200 + ALL, "OptanonConsent=groups",
    "euconsent-v2=CQSbk4AQSbk4", ALL.replace("interactionCount=1", "interactionCount=0")])
def test_what_cannot_be_read_is_no_consent_and_no_refusal(europe, america, site, cookie):
    seen = ask(europe, site, cookie)
    assert not seen["analytics"] and not seen["advertising"] and not seen["status"]
    assert seen["decision"] == "out;src=region;region=eu"
    seen = ask(america, site, cookie)
    assert seen["analytics"] and seen["advertising"] and not seen["status"]


def test_a_yes_of_a_tool_that_is_not_listed_counts_for_nothing(europe, site):
    seen = ask(europe, site, "notice_preferences=2:")
    assert not seen["analytics"] and not seen["advertising"]
    assert seen["decision"] == "out;src=region;region=eu"


def test_a_no_of_a_tool_that_is_not_listed_counts(europe, america, site):
    seen = ask(europe, site, ALL + "; notice_preferences=0:")
    assert not seen["analytics"] and not seen["advertising"]
    seen = ask(america, site, "notice_preferences=0:")
    assert not seen["analytics"] and not seen["advertising"] and seen["status"]


@pytest.mark.parametrize("cookie", [
    "usprivacy=1YYN", "OTGPPConsent=DBABLA~BVQVAAAAAgA.YA", "OTGPPConsent=DBABLA~BVQV; OTGPPConsent2=AAAAAgA.YA",
    "OptanonConsent=isGpcEnabled=1&groups=C0001%3A1%2CC0002%3A1%2CC0004%3A1", "OneTrustWPCCPAGoogleOptOut=true"])
def test_an_opt_out_flag_is_a_persons_no(america, site, cookie):
    seen = ask(america, site, "sid=1; " + cookie)
    assert not seen["analytics"] and not seen["advertising"] and seen["status"]
    assert seen["decision"] == "out;src=consent;region=us" and seen["gpc"] == ["1"]


@pytest.mark.parametrize("cookie", ["usprivacy=1YNN", "usprivacy=1---", "usprivacy=2YYN", "OTGPPConsent=DBABLA~BVQqAAAAAgA.QA"])
def test_other_flags_are_none(america, site, cookie):
    seen = ask(america, site, cookie)
    assert seen["analytics"] and seen["advertising"] and not seen["status"]


def test_cookies_in_several_fields(america, site):
    seen = ask(america, site, "sid=1", "usprivacy=1YYN")
    assert seen["decision"] == "out;src=consent;region=us"


def test_a_row_that_leaves_consent_out(elsewhere, site):
    seen = ask(elsewhere, site, "usprivacy=1YYN; " + NONE)
    assert seen["analytics"] and seen["advertising"] and seen["gpc"] == []


def explain(file, *args):
    return subprocess.run([tacet_path(), "explain", "-c", file, "https://www.example.test/", *args], capture_output=True,
                          text=True, timeout=60, check=True).stdout


def test_explain_says_what_each_cookie_said(europe):
    said = explain(europe.file, "--from", "DE", "-H", "Cookie: " + STATISTICS, "-H", "Cookie: notice_preferences=2:; usprivacy=2")
    assert "OptanonConsent by onetrust: refuses advertising, personalisation; grants analytics" in said
    assert "notice_preferences by trustarc: grants analytics, advertising, personalisation, social (not counted" in said
    assert "usprivacy by usp: cannot be read" in said
    assert "leaves consent out" in explain(europe.file, "--from", "JP", "-H", "Cookie: usprivacy=1YYN")


def test_explain_for_programs(europe):
    said = json.loads(explain(europe.file, "--from", "US-CA", "--format", "json", "-H", "Cookie: usprivacy=1YYN; " + STATISTICS))
    assert said["consent"] == [
        {"reader": "usp", "cookie": "usprivacy", "listed": False, "out": True, "unreadable": False, "denied": [], "granted": []},
        {"reader": "onetrust", "cookie": "OptanonConsent", "listed": True, "out": False, "unreadable": False,
         "denied": ["advertising", "personalisation"], "granted": ["analytics"]}]
    assert {"consent-out", "consent-refused", "consent-granted"} <= set(said["signals"])
    assert json.loads(explain(europe.file, "--format", "json"))["consent"] == []
