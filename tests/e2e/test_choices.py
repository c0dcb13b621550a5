"""The choices page: a plain form, a cookie without an identifier, and nobody else's POST."""
import re

import pytest

from harness import answer

OWN = {"Origin": "http://www.example.test", "Content-Type": "application/x-www-form-urlencoded"}


def choice_cookie(res):
    found = [c for c in res.all("Set-Cookie") if c.startswith("tacet_choice=")]
    return found[0].split(";")[0] if found else None


def post(proxy, choice, fields=OWN, cookie=None):
    return proxy.get("/privacy-choices", {**fields, **({"Cookie": cookie} if cookie else {})}, "POST", f"choice={choice}".encode())


def test_page_is_ours_and_plain(texas, origin):
    res = texas.get("/privacy-choices")
    assert res.status == 200 and res.get("Content-Type").startswith("text/html") and "no-store" in res.get("Cache-Control")
    assert not res.has("Set-Cookie"), "no cookie before a choice"
    text = res.text
    assert "<script" not in text and "http://" not in text.replace("http://www.w3.org", "")
    assert re.search(r"<html[^>]* lang=", text) and "<fieldset" in text and "<title>" in text
    assert len(re.findall(r'<input[^>]*type="?radio', text)) == 2
    assert not origin.asked("/privacy-choices")


def test_opt_out_back_and_in(texas, origin):
    path = origin.on("/choices/page", answer("<p>x<script src=https://www.google-analytics.com/analytics.js></script>"))
    out = post(texas, "out")
    assert out.status == 303 and out.get("Location").endswith("/privacy-choices/saved")
    assert '"cache"' in out.get("Clear-Site-Data") and '"cookies"' not in out.get("Clear-Site-Data")
    cookie = choice_cookie(out)
    assert cookie.startswith("tacet_choice=v1.out.")
    assert "google-analytics.com" not in texas.get(path, {"Cookie": cookie}).text
    saved = texas.get("/privacy-choices/saved", {"Cookie": cookie})
    assert saved.status == 200 and "Opt-Out Request Honored" in saved.text
    back = choice_cookie(post(texas, "in", cookie=cookie))
    assert back.startswith("tacet_choice=v1.in.")
    assert "google-analytics.com" in texas.get(path, {"Cookie": back}).text
    assert origin.last(path).get("Privacy-Decision").startswith("in;src=choice;")


def test_opt_in_where_the_law_asks_for_it(germany, origin):
    path = origin.on("/choices/grant", answer("<p>x<script src=https://www.google-analytics.com/analytics.js></script>"))
    assert "google-analytics.com" not in germany.get(path).text
    cookie = choice_cookie(post(germany, "in"))
    assert "google-analytics.com" in germany.get(path, {"Cookie": cookie}).text


def test_saved_page_sees_that_the_cookie_did_not_come_back(texas):
    res = texas.get("/privacy-choices/saved")
    assert res.status == 200 and "Global Privacy Control" in res.text


@pytest.mark.parametrize("fields, choice, status", [
    ({"Origin": "https://evil.example"}, "out", 403), ({"Origin": "https://evil.example"}, "in", 403),
    ({"Origin": "null"}, "in", 403), ({"Sec-Fetch-Site": "cross-site"}, "in", 403), ({"Sec-Fetch-Site": "same-origin"}, "in", 303),
    ({}, "out", 303), ({}, "in", 403)])
def test_posts_of_others_are_refused(texas, fields, choice, status):
    form = {"Content-Type": "application/x-www-form-urlencoded", **fields}
    res = post(texas, choice, form)
    assert res.status == status
    assert bool(choice_cookie(res)) == (status == 303)


@pytest.mark.parametrize("body", [b"", b"choice=", b"choice=maybe", b"x=out", b"choice=out&choice=in"])
def test_a_post_without_a_valid_choice(texas, body):
    res = texas.get("/privacy-choices", OWN, "POST", body)
    assert res.status == 400 and not choice_cookie(res)


def test_a_live_signal_wins_over_the_form(texas):
    res = post(texas, "in", {**OWN, "Sec-GPC": "1"})
    assert not (choice_cookie(res) or "").startswith("tacet_choice=v1.in.")


def test_other_methods_and_why(texas, origin):
    assert texas.get("/privacy-choices", method="DELETE").status == 405
    why = texas.get("/privacy-choices/why", {"Sec-GPC": "1"})
    assert why.status == 200 and "Global Privacy Control" in why.text and "no-store" in why.get("Cache-Control")
    assert "127.0.0.1" not in why.text
    assert not [r for r in origin.requests if r.path.startswith("/privacy-choices")]


def test_switches(texas, origin):
    path = origin.on("/choices/switches", answer("<p>x"))
    plain = texas.get("/privacy-choices").text
    assert 'name="location"' in plain and 'name="export"' not in plain, "nothing here has a residency list"
    cookie = choice_cookie(post(texas, "in&location=off&deny=social"))
    assert cookie.startswith("tacet_choice=v1.in-0801.")
    page = texas.get("/privacy-choices", {"Cookie": cookie}).text
    assert re.search(r'name="location" value="off" checked', page) and "<details open>" in page
    assert "Do not send my city" in texas.get("/privacy-choices/why", {"Cookie": cookie}).text
    gpc = texas.get(path, {"Cookie": cookie, "Sec-GPC": "1"})
    assert choice_cookie(gpc).startswith("tacet_choice=v1.out-0801."), "what was switched off stays off"


CHANGED = """
version: 1
listen: [{address: "127.0.0.1:0"}]
admin: {address: "127.0.0.1:0"}
state: %s
sites: [{hosts: ["*"], origin: {url: "http://127.0.0.1:1"}, choices: {policy: /privacy, notice_on_change: %s}}]
rule_sets: {no: {scripts: {remove: [advertising]}}, light: {}}
regions: [{name: rest, where: ["*"], honour: [gpc, dnt, choice], default: light, opted_out: no}]
promises: {policy: {name: x, version: %d}}
"""


def test_a_new_policy_is_said_once(start, tmp_path):
    """On the choices page, to who chose under an older one; what was chosen stays."""
    def proxy(told, version):
        (tmp_path / "t.yaml").write_text(CHANGED % (tmp_path / "state", told, version))
        return start("-c", tmp_path / "t.yaml", listen=False)

    said = "The privacy policy has changed"
    before = choice_cookie(post(proxy("true", 1), "in&location=off"))
    silent = proxy("false", 2).get("/privacy-choices", {"Cookie": before})
    assert said not in silent.text and not silent.has("Set-Cookie")
    now = proxy("true", 2)
    first = now.get("/privacy-choices", {"Cookie": before})
    assert said in first.text and first.text.rstrip().endswith("</html>")
    cookie = choice_cookie(first)
    assert cookie.split(".")[:3] == before.split(".")[:3] and cookie.split(".")[3] == "2"
    again = now.get("/privacy-choices", {"Cookie": cookie})
    assert said not in again.text and not again.has("Set-Cookie")
    out = now.get("/privacy-choices", {"Cookie": choice_cookie(post(now, "out")).replace(".2.", ".1.")})
    assert said in out.text and len(out.all("Set-Cookie")) == 1 and "Honored" in out.text


def test_the_icon(texas, california):
    icon = texas.get("/.well-known/tacet/choices.svg")
    assert icon.status == 200 and icon.get("Content-Type") == "image/svg+xml" and "max-age" in icon.get("Cache-Control")
    page = california.get("/privacy-choices").text
    assert 'src="/.well-known/tacet/choices.svg"' in page and "Your Privacy Choices" in page
    assert "choices.svg" not in texas.get("/privacy-choices").text


def test_languages(texas):
    german = texas.get("/privacy-choices", {"Accept-Language": "de-DE,de;q=0.9,en;q=0.5"})
    assert re.search(r'<html[^>]* lang="?(de|en)', german.text)


# ---- the link in pages ------------------------------------------------------------------------------

LINK_CONF = """
version: 1
listen: [{address: "127.0.0.1:0"}]
admin: {address: "127.0.0.1:0"}
sites:
  - hosts: [www.example.test]
    origin: {url: "%(origin)s"}
    choices: {link: %(link)s}
rule_sets: {light: {}, out: {scripts: {remove: [advertising]}, status: "Opt-Out Request Honored"}}
regions: [{name: ca, where: ["*"], honour: [gpc], default: light, opted_out: out, link_text: california}]
"""
GPC = {"Sec-GPC": "1"}
OURS = "Your Privacy Choices"
OF_PAGES = {  # what a page has of its own, and whether that leads to the choices page
    "<p>words": False,
    "<a href=/privacy-choices>mine</a>": True,
    "<a class=x href='privacy-choices/?from=footer#top'>mine</a>": True,
    '<map><area href="http://www.example.test/privacy-choices"></map>': True,
    "<a href='&#47;privacy-choices'>mine</a>": True,
    "<a href='https://other.example/privacy-choices'>theirs</a>": False,
    "<a href='http://www.example.test:81/privacy-choices'>theirs</a>": False,
    "<a href=/privacy-choices-of-others>x</a><a href=/x/privacy-choices>x</a><a href=/x?/privacy-choices>x</a>": False,
    "<a name=/privacy-choices>x</a>": False,
    "<template><a href=/privacy-choices>mine</a></template><!-- <a href=/privacy-choices> -->": False,
    "<base href=https://cdn.example/><a href=/privacy-choices>theirs</a>": False,
}


@pytest.mark.parametrize("link", ["auto", "marker", "none"])
def test_one_link_in_a_page(start, origin, tmp_path, link):
    """Not a second one beside that of the status text, and none of ours where the page has its own."""
    (tmp_path / "t.yaml").write_text(LINK_CONF % {"origin": origin.url, "link": link})
    proxy = start("-c", str(tmp_path / "t.yaml"))
    for i, (text, linked) in enumerate(OF_PAGES.items()):
        path = origin.on(f"/{link}-{i}", answer(f"<!doctype html><html><head><title>x</title></head><body>{text}</body></html>"))
        for fields, said_no in (({}, False), (GPC, True)):
            page = proxy.get(path, fields).text
            assert ("Opt-Out Request Honored" in page) == said_no
            assert page.count(OURS) == (not linked and (said_no or link == "auto")), page


def test_a_marker_is_the_one_link(start, origin, tmp_path):
    path = origin.on("/marked", answer("<!doctype html><title>x</title><p><!-- tacet:choices --></p><p>words"))
    for link in ("auto", "marker"):
        (tmp_path / "t.yaml").write_text(LINK_CONF % {"origin": origin.url, "link": link})
        proxy = start("-c", str(tmp_path / "t.yaml"))
        for fields in ({}, GPC) if link == "auto" else (GPC,):
            page = proxy.get(path, fields).text
            assert page.count(OURS) == 1 and page.index(OURS) < page.index("words"), page
