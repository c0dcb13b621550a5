"""Click ids and the ids of people leave the query; everything else stays byte for byte."""
import pytest

from harness import answer

SAID_NO = {"Sec-GPC": "1"}


@pytest.mark.parametrize("asked, sent", [
    ("?gclid=abc", ""), ("?a=1&gclid=abc&b=2", "?a=1&b=2"), ("?fbclid=x&msclkid=y", ""), ("?gclid=1&a=%2F%20+", "?a=%2F%20+"),
    ("?utm_source=x&gclid=1", "?utm_source=x"), ("?a&&b=&gclid", "?a&&b="), ("?GCLID=1", "?GCLID=1"),
    ("?xgclid=1&gclidx=2", "?xgclid=1&gclidx=2"), ("?q=gclid=1", "?q=gclid=1"), ("?", "?"), ("", "")])
def test_for_those_who_said_no(texas, origin, asked, sent):
    path = origin.on("/q", answer("<p>x"))
    texas.get(path + asked, SAID_NO)
    assert origin.last(path).target in (path + sent, path + sent.replace("&&", "&"))


def test_attribution_is_left_alone_where_nobody_said_no(texas, origin):
    path = origin.on("/q/in", answer("<p>x"))
    texas.get(path + "?gclid=1&_hsenc=2&a=1")
    assert origin.last(path).target == path + "?gclid=1&_hsenc=2&a=1"


def test_the_referer_loses_them_too(texas, origin):
    path = origin.on("/q/referer", answer("<p>x"))
    texas.get(path, {"Referer": "https://www.example.test/land?gclid=secret&a=1", **SAID_NO})
    assert "gclid" not in (origin.last(path).get("Referer") or "")


def test_an_encoded_name_is_the_same_name(texas, origin):
    path = origin.on("/q/encoded", answer("<p>x"))
    texas.get(path + "?%67clid=1&a=1", SAID_NO)
    assert "clid" not in origin.last(path).target
