"""What was tried to get a tracker's address past the rewriter, and once did."""
import pytest

from harness import answer

SAID_NO = {"Sec-GPC": "1", "Sec-Fetch-Dest": "document"}
T = "static.hotjar.com"

LIVE = {
    "mathematical letters": "<img src=//static.hotj\U0001d41ar.com/x>",
    "circled letters": "<img src=//static.hotj\u24d0r.com/x>",
    "a letter of no table": "<img src=//\u069c.hotjar.com/x>",
    "a port": f"<img src=http://{T}:443/x>",
    "a port, and a rule with a path": "<img src=http://www.google-analytics.com:443/analytics.js>",
    "many slashes": f"<img src=https:{'/' * 20000}{T}/x>",
    "a long name": f"<img src=https://{'a' * 20000}@{T}/x>",
    "no slash": f"<svg><set attributeName=href to='https:{T}' /></svg>",
    "CDATA in a point": f"<svg><desc><![CDATA[><img src=//{T}/x>",
    "CDATA in MathML's": f"<math><mi><![CDATA[><img src=//{T}/x>",
    "a text's end tag": f"<svg><title><title></title><script>'<!--'</script><img src=//{T}/x>",
    "a base of another scheme": f"<base href=h:><img src=http:{T}/x>",
}


@pytest.mark.parametrize("name", LIVE)
def test_no_tracker_in_the_page(california, origin, name):
    path = origin.on("/red/page", answer("<!doctype html><p>before" + LIVE[name]))
    got = california.get(path, SAID_NO).text
    assert "before" in got and "hotj" not in got and "google-analytics" not in got, got[:500]


KEPT = ["<a href=https://www.google-analytics.com/x>a</a>", "<form action=https://www.facebook.com/tr></form>",
        "<script type=text/plain data-category=analytics src=https://www.google-analytics.com/analytics.js></script>",
        "<script type=application/json>{\"u\":\"https://static.hotjar.com/c\"}</script>", "<script src=/app.js></script>",
        "<script src=https://code.jquery.com/jquery-3.7.1.min.js integrity=sha256-x></script>",
        "<link rel=stylesheet href=https://fonts.googleapis.com/css2?family=Inter>",
        "<iframe src=https://www.youtube.com/embed/x></iframe>", "<script src=https://www.google.com/recaptcha/api.js></script>",
        "<script src=https://cdn.cookielaw.org/scripttemplates/otSDKStub.js></script>"]


def test_what_works_stays(california, origin):
    path = origin.on("/red/kept", answer("<!doctype html><body>" + "".join(KEPT)))
    got = california.get(path, SAID_NO).text
    assert [k for k in KEPT if k not in got] == []
