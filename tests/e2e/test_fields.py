"""Fields that serve tracking go from both heads for those who said no, and from nobody else's."""
from harness import answer

SAID_NO = {"Sec-GPC": "1"}
ASKED = {"Sec-Browsing-Topics": "(1);v=chrome.1", "X-Client-Data": "CIa2yQ==", "Attribution-Reporting-Eligible": "trigger",
         "Sec-Shared-Storage-Writable": "?1", "Available-Dictionary": ":eA==:", "Accept": "text/html,application/signed-exchange;v=b3;q=0.7,*/*;q=0.8"}
GONE = {"Attribution-Reporting-Register-Source": "{}", "Observe-Browsing-Topics": "?1", "Shared-Storage-Write": "clear",
        "Accept-CH": "Sec-CH-UA-Model", "Critical-CH": "Sec-CH-UA-Model", "Speculation-Rules": '"/rules.json"',
        "Use-As-Dictionary": 'match="/*"', "Refresh": "0; url=https://www.google-analytics.com/x",
        "Report-To": '{"group":"g","max_age":9,"endpoints":[{"url":"https://collector.example/r"}]}',
        "Reporting-Endpoints": 'x="https://collector.example/r"'}
LINK = '</a.css>; rel=preload; as=style, <https://www.googletagmanager.com>; rel=preconnect'


def test_request(texas, origin):
    path = origin.on("/f/request", answer("<p>x"))
    texas.get(path, {**ASKED, **SAID_NO})
    sent = origin.last(path)
    for name in ASKED:
        assert name == "Accept" or not sent.has(name), name
    assert sent.get("Accept") == "text/html,*/*;q=0.8"
    texas.get(path, ASKED)
    assert all(origin.last(path).get(name) == value for name, value in ASKED.items())


def test_response(texas, origin):
    own = {"Content-Security-Policy": "default-src 'self'; report-uri https://collector.example/csp", "Link": LINK,
           "NEL": '{"report_to":"g","max_age":9}', "Permissions-Policy": "camera=()", "Referrer-Policy": "unsafe-url", **GONE}
    path = origin.on("/f/response", answer("<p>x", own))
    res = texas.get(path, SAID_NO)
    for name in GONE:
        assert not res.has(name), name
    assert res.get("Link") == "</a.css>; rel=preload; as=style"
    assert res.get("NEL") == '{"max_age":0}'
    assert "collector" not in res.get("Content-Security-Policy")
    policy = ", ".join(res.all("Permissions-Policy"))
    assert policy.startswith("camera=()") and "browsing-topics=()" in policy and "attribution-reporting=()" in policy
    assert res.all("Referrer-Policy") == ["strict-origin-when-cross-origin"]
    assert res.get("X-DNS-Prefetch-Control") == "off"
    plain = texas.get(path)
    assert all(plain.get(name) == value for name, value in own.items())
    assert not plain.has("X-DNS-Prefetch-Control")


def test_only_pages_get_fields_of_ours(texas, origin):
    path = origin.on("/f/x.json", answer("{}", type="application/json"))
    res = texas.get(path, SAID_NO)
    assert not any(res.has(n) for n in ("Permissions-Policy", "Referrer-Policy", "X-DNS-Prefetch-Control"))
