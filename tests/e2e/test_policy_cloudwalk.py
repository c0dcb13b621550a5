"""CloudWalk (2024-03-28): a test for each row of what conf/policies/cloudwalk.yaml promises, with its control."""
import re

import pytest

from harness import answer, total, wait_until
from policies import (GPC, LATER, Site, assert_clean, assert_tagged, canary_sweep, gpc_is_honoured, kept_for_a_limit, minors_are_off, new_cookies,
                      nothing_before_consent, outputs, said, site_of, small_crowds_are_not_shown, told_once_of_a_new_policy)

site = site_of("cloudwalk")


def test_the_contradiction(tmp_path):
    """'neither rent nor sell your Information in personally identifiable form' against 'third-party vendors to deliver targeted advertising to You'"""
    both = Site(tmp_path, "cloudwalk", ready=False,
                site='    allow: [googletagmanager.com]\n    says: "third-party vendors to deliver targeted advertising to You"')
    code, out = both.check()
    block = out[out.index("promise no_sale is broken"):]
    assert code == 1 and 'promised  "neither rent nor sell your Information in personally identifiable form"' in block
    assert re.search(r'because   \S*t\.yaml:\d+:\d+ allow lets it through on this site   says "third-party vendors to deliver targeted advertising to You"', block)
    both.write(site="")
    assert both.check()[0] == 0
    both.close()


def test_third_parties(site):
    """'does not cover the use of cookies by any third parties': there are none, whether somebody opted out or not"""
    for place in ("US-TX", "DE", "CN", ""):
        for fields in ((), GPC):
            res = site.get(place=place, fields=fields)
            assert_clean(res, bool(fields))
            assert "frames.unlisted.example" not in said(res) and 'src="about:blank"' in res.text
    assert "frames.unlisted.example" in said(site.raw())
    gpc_is_honoured(site, control=None)


def test_pages_are_counted(tmp_path):
    """'how and when pages and features in our Services are visited and by how many people': counts, and no id anywhere"""
    site = Site(tmp_path, "cloudwalk")
    try:
        before = total(site.tacet.metrics(), "tacet_http_requests_total", route="pages")
        for i in range(7):
            site.get(f"/page?n={i}", cookies=f"sid=CANARY{i}")
        wait_until(lambda: total(site.tacet.metrics(), "tacet_http_requests_total", route="pages") >= before + 7, "the last to be counted")
        assert total(site.tacet.metrics(), "tacet_http_requests_total", route="pages") == before + 7
        assert b"CANARY" not in outputs(site)
        small_crowds_are_not_shown(site, 10)
    finally:
        site.close()
    pytest.skip(LATER + ": by how many people, within the printed noise")


def test_no_id_anywhere(tmp_path):
    """The same sentence, every output"""
    canary_sweep(tmp_path, "cloudwalk")


def test_features_still_work(site):
    """'this may prevent you from taking advantage of some of our features': not here, the cookies of the login pass"""
    path = site.origin.on("/login", answer("<p>in", [("Set-Cookie", "login=L1; Path=/; HttpOnly"), ("Set-Cookie", "csrf=C1; Path=/"),
                                                     ("Set-Cookie", "_ga=1; Path=/"), ("Set-Cookie", "foo=1; Path=/")]))
    _, off = site.choose("choice=out&deny=analytics&deny=personalisation&deny=social&location=off")
    for fields, mine in (((), ""), (GPC, ""), ((), off), (GPC, off)):
        res = site.get(path, fields=fields, cookies="; ".join(filter(None, ["login=L1", "csrf=C1", "_ga=1", "foo=2", mine])))
        assert new_cookies(res) == ["login", "csrf"]
        assert site.origin.last(path).all("Cookie") == ["login=L1; csrf=C1"]
    assert res.text.startswith("<p>in")


def test_children(site):
    """'a child under the age of 13 (or 16)'"""
    minors_are_off(site)


def test_consent_for_processing(site):
    """'You have given Your consent for processing'"""
    nothing_before_consent(site, ("DE", "NO", "GB"), elsewhere=None, grants=False)


def test_no_longer_than_necessary(site):
    """'only for as long as is necessary'"""
    kept_for_a_limit(site, 25)
    pytest.skip(LATER + ": files that a fake clock ends")


def test_prominent_notice(tmp_path):
    """'prominent notice on Our Service'"""
    told_once_of_a_new_policy(tmp_path, "cloudwalk")


def test_the_origin_has_it_all(site):
    """The control of all rows above: the page itself."""
    assert_tagged(site.raw())
