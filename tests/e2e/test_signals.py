"""Who said no, what the origin is told about it, and what the visitor sees."""
import re

import pytest

from harness import answer

PAGE = answer("<!doctype html><title>t</title><body><p>hello"
              "<script src=https://www.googletagmanager.com/gtm.js?id=GTM-TEST></script></body>")
STATUS = "Opt-Out Request Honored"


def decision(request):
    values = request.all("Privacy-Decision")
    assert len(values) == 1, values
    return values[0]


@pytest.mark.parametrize("value, said_no", [
    ("1", True), (" 1 ", True), ("1, 1", True), ("0, 1", True), ("0", False), ("true", False), ('"1"', False), ("01", False),
    ("1;a", False), ("1a", False), ("", False)])
def test_gpc_is_exactly_one(texas, origin, value, said_no):
    path = origin.on(f"/gpc/{value.encode().hex()}", PAGE)
    res = texas.get(path, [("Sec-GPC", value)])
    assert (STATUS in res.text) == said_no
    assert ("googletagmanager" not in res.text) == said_no
    seen = origin.last(path)
    assert (seen.all("Sec-GPC") == ["1"]) == said_no
    assert decision(seen).startswith("out;src=gpc;" if said_no else "in;")


@pytest.mark.parametrize("fields, said_no", [
    ([("Sec-GPC", "0"), ("Sec-GPC", "1")], True), ([("Sec-GPC", "0"), ("Sec-GPC", "true")], False),
    ([("DNT", "1")], True), ([("DNT", "1xyz")], True), ([("DNT", "0")], False), ([("DNT", "0x")], False),
    ([("DNT", "yes")], False), ([("DNT", "2")], False), ([("DNT", "")], False)])
def test_doubled_fields_and_dnt(texas, origin, fields, said_no):
    path = origin.on("/signals", PAGE)
    res = texas.get(path, fields)
    assert (STATUS in res.text) == said_no
    assert origin.last(path).all("Sec-GPC") == (["1"] if said_no else origin.last(path).all("Sec-GPC"))
    assert decision(origin.last(path)).startswith("out;" if said_no else "in;")


def test_dnt_names_itself_and_is_never_invented(texas, origin):
    path = origin.on("/dnt", PAGE)
    texas.get(path, {"DNT": "1"})
    assert decision(origin.last(path)).startswith("out;src=dnt;")
    texas.get(path, {"Sec-GPC": "1"})
    assert not origin.last(path).has("DNT")


def test_decision_field_has_its_form_in_every_region(texas, germany, nowhere, origin):
    path = origin.on("/form", PAGE)
    texas.get(path)
    assert re.fullmatch(r'in;region=us-other;rules="[0-9a-f]{8}"', decision(origin.last(path)))
    texas.get(path, {"Sec-GPC": "1"})
    assert re.fullmatch(r'out;src=gpc;region=us-other;rules="[0-9a-f]{8}"', decision(origin.last(path)))
    germany.get(path)
    assert re.fullmatch(r'out;src=region;region=eu;rules="[0-9a-f]{8}"', decision(origin.last(path)))
    nowhere.get(path)
    assert re.fullmatch(r'out;src=region;region=unknown;rules="[0-9a-f]{8}"', decision(origin.last(path)))


def test_a_region_is_nobodys_wish(germany, origin):
    """Where the law asks for consent the trackers go, but nobody is said to have said no."""
    path = origin.on("/region", PAGE)
    res = germany.get(path)
    assert "googletagmanager" not in res.text
    assert STATUS not in res.text
    assert not origin.last(path).has("Sec-GPC")


def test_status_is_announced_and_links_to_the_choices(california, origin):
    path = origin.on("/status", PAGE)
    text = california.get(path, {"Sec-GPC": "1"}).text
    tag = re.search(r"<[^>]*role=[\"']?status[^>]*>", text)
    assert tag, text
    assert "/privacy-choices" in text
    assert "Your Privacy Choices <img" in text and california.get("/.well-known/tacet/choices.svg").status == 200
    assert " style=" not in text[tag.start():] and "<script" not in text[tag.start():]


def test_gpc_is_remembered_without_an_identifier(texas, origin):
    path = origin.on("/sticky", PAGE)
    first = texas.get(path, {"Sec-GPC": "1"})
    ours = [c for c in first.all("Set-Cookie") if c.startswith("tacet_choice=")]
    assert len(ours) == 1
    value = re.match(r"tacet_choice=(v1\.out\.\d{4}-\d{2}\.\d+\.[A-Za-z0-9_-]{22});", ours[0])
    assert value, ours[0]
    for attribute in ("HttpOnly", "Secure", "SameSite=Lax", "Path=/", "Max-Age=34128000"):
        assert re.search(rf"; *{attribute}(;|$)", ours[0], re.I), ours[0]
    again = texas.get(path, {"Sec-GPC": "1"})
    assert [c for c in again.all("Set-Cookie") if c.startswith("tacet_choice=")] == ours, "two visitors differ"

    later = texas.get(path, {"Cookie": f"a=b; tacet_choice={value[1]}; c=d"})
    assert STATUS in later.text and "googletagmanager" not in later.text
    seen = origin.last(path)
    assert seen.get("Cookie") == "a=b; c=d"
    assert seen.get("Sec-GPC") == "1"
    assert decision(seen).startswith("out;src=choice;")


def test_a_lost_key_never_loses_an_opt_out_and_never_grants(texas, germany, origin):
    path = origin.on("/forged", PAGE)
    mac = "A" * 22
    assert STATUS in texas.get(path, {"Cookie": f"tacet_choice=v1.out.2026-01.1.{mac}"}).text
    germany.get(path, {"Cookie": f"tacet_choice=v1.in.2026-01.1.{mac}"})
    assert decision(origin.last(path)).startswith("out;src=region;")


def test_switches_of_the_cookie_are_carried_along(texas, origin):
    path = origin.on("/switches", PAGE)
    mac = "A" * 22
    ours = lambda res: [c.split(";")[0][len("tacet_choice="):] for c in res.all("Set-Cookie") if c.startswith("tacet_choice=")]
    again = texas.get(path, {"Cookie": f"tacet_choice=v1.out-0803.2020-01.1.{mac}"})
    assert ours(again)[0].startswith("v1.out-0801.2020-01.1."), "nobody granted what has no valid MAC"
    gpc = texas.get(path, {"Sec-GPC": "1", "Cookie": f"tacet_choice=v1.in-0801.2020-01.1.{mac}"})
    assert re.match(r"v1\.out-0001\.(?!2020)", ours(gpc)[0])
    assert not ours(texas.get(path, {"Cookie": f"tacet_choice=v1.in-0801.2020-01.1.{mac}"}))


def test_account_field_opts_out_at_once_and_stays_inside(texas, origin):
    path = origin.on("/account", answer(PAGE.split(b"\r\n\r\n", 1)[1], {"Privacy-Account-Choice": "opt-out"}))
    res = texas.get(path)
    assert not res.has("Privacy-Account-Choice")
    assert "googletagmanager" not in res.text
    assert any(c.startswith("tacet_choice=v1.out.") for c in res.all("Set-Cookie"))
    other = texas.get(origin.on("/account2", answer("<p>x", {"Privacy-Account-Choice": "perhaps"})))
    assert not other.has("Privacy-Account-Choice") and not other.has("Set-Cookie")


def test_what_the_visitor_forges_never_arrives(texas, origin):
    path = origin.on("/forge", PAGE)
    texas.get(path, [("Privacy-Decision", "in"), ("Tacet-Geo", 'country=XX, city="Evil"'), ("Privacy-Account-Choice", "opt-in"),
                     ("X-Forwarded-For", "192.0.2.77"), ("Forwarded", "for=192.0.2.77"), ("X-Real-IP", "192.0.2.77"),
                     ("CF-Connecting-IP", "192.0.2.77"), ("True-Client-IP", "192.0.2.77"), ("Privacy_Decision", "in")])
    seen = origin.last(path)
    head = seen.raw_head.decode()
    assert "192.0.2.77" not in head and "Evil" not in head and "XX" not in head
    assert decision(seen).startswith("in;region=us-other;")
    assert not seen.has("Privacy-Account-Choice") and not seen.has("Privacy_Decision")
    assert "127.0.0.1" not in head.replace(f"127.0.0.1:{origin.port}", "")


def test_caches_are_told(texas, origin):
    path = origin.on("/cache", answer("<p>x", {"Cache-Control": "public, s-maxage=60, max-age=30", "Vary": "Accept-Language"}))
    for fields in ({}, {"Sec-GPC": "1"}):
        res = texas.get(path, fields)
        vary = [v.strip().lower() for value in res.all("Vary") for v in value.split(",")]
        assert {"accept-language", "sec-gpc", "dnt"} <= set(vary) and "cookie" not in vary
        cache = ",".join(res.all("Cache-Control")).lower()
        assert "private" in cache and "public" not in cache and "s-maxage" not in cache and "max-age=30" in cache
    image = texas.get(origin.on("/cache.png", answer(b"\x89PNG", {"Cache-Control": "public"}, type="image/png")))
    assert image.all("Cache-Control") == ["public"] and not image.has("Vary")
