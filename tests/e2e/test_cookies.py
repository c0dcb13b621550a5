"""Tracking cookies do not travel in either direction, and those a browser already holds are ended."""
import re

from harness import answer

SAID_NO = {"Sec-GPC": "1"}
TRACKING = ["_ga", "_gid", "_fbp", "_gcl_au", "hubspotutk", "_hjSessionUser_1", "_ga_ABC123"]


def names(res):
    return [c.split("=")[0] for c in res.all("Set-Cookie")]


def test_request_cookies_of_trackers_stay_here(texas, origin):
    path = origin.on("/c/request", answer("<p>x"))
    texas.get(path, {"Cookie": "sid=1; " + "; ".join(f"{n}=v.{i}" for i, n in enumerate(TRACKING)) + "; cart=a=b", **SAID_NO})
    assert origin.last(path).all("Cookie") == ["sid=1; cart=a=b"]


def test_no_cookie_field_is_left_when_all_are_dropped(texas, origin):
    path = origin.on("/c/none", answer("<p>x"))
    texas.get(path, {"Cookie": "_ga=1; _fbp=2", **SAID_NO})
    assert not origin.last(path).has("Cookie")


def test_several_cookie_fields(texas, origin):
    path = origin.on("/c/several", answer("<p>x"))
    texas.get(path, [("Cookie", "_ga=1; a=1"), ("Cookie", "b=2; _fbp=2"), ("Sec-GPC", "1")])
    got = "; ".join(origin.last(path).all("Cookie"))
    assert "a=1" in got and "b=2" in got and "_ga" not in got and "_fbp" not in got


def test_response_cookies_of_trackers_are_dropped(texas, origin):
    own = ["sid=1; Path=/; HttpOnly", "cart=2; Path=/; Max-Age=60"]
    path = origin.on("/c/response", answer("<p>x", [("Set-Cookie", "_ga=GA1.1.5.5; Path=/; Max-Age=63072000"),
                                                    ("Set-Cookie", own[0]), ("Set-Cookie", "_fbp=fb.1.2.3; Path=/"),
                                                    ("Set-Cookie", own[1])]))
    res = texas.get(path, SAID_NO)
    assert [c for c in res.all("Set-Cookie") if c in own] == own
    assert not set(names(res)) & {"_ga", "_fbp"}
    plain = texas.get(path)
    assert names(plain) == ["_ga", "sid", "_fbp", "cart"]


def test_also_on_redirects_errors_and_other_types(texas, origin):
    for status in ("302 Found", "404 Not Found", "304 Not Modified"):
        path = origin.on(f"/c/{status[:3]}", answer(b"", [("Set-Cookie", "_ga=1"), ("Location", "/x")], status=status))
        assert "_ga" not in names(texas.get(path, SAID_NO)), status
    path = origin.on("/c/x.json", answer("{}", [("Set-Cookie", "_fbp=1")], type="application/json"))
    assert "_fbp" not in names(texas.get(path, SAID_NO))


def test_cookies_already_held_are_ended(texas, origin):
    path = origin.on("/c/expire", answer("<p>x"))
    res = texas.get(path, {"Cookie": "_ga=GA1.1.5.5; sid=1", **SAID_NO}, host="www.shop.example.com")
    ends = [c for c in res.all("Set-Cookie") if c.startswith("_ga=")]
    assert ends and "sid" not in names(res)
    for cookie in ends:
        assert cookie.startswith("_ga=;") and "Path=/" in cookie, cookie
        assert re.search(r"Max-Age=0|Expires=Thu, 01 Jan 1970 00:00:00 GMT", cookie), cookie
    domains = {m[1].lstrip(".") if (m := re.search(r"Domain=([^;]+)", c)) else None for c in ends}
    assert domains == {None, "www.shop.example.com", "shop.example.com", "example.com"} or \
        domains == {None, "shop.example.com", "example.com"}, domains
    assert "com" not in domains


def test_nothing_of_the_kind_for_those_who_said_nothing(texas, origin):
    path = origin.on("/c/in", answer("<p>x"))
    res = texas.get(path, {"Cookie": "_ga=1; sid=1"})
    assert not res.has("Set-Cookie")
    assert origin.last(path).get("Cookie") == "_ga=1; sid=1"
