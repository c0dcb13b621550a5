"""What was tried to get an identifier past the head filters: odd separators, spellings, statuses."""
import pytest

from harness import answer

SAID_NO = {"Sec-GPC": "1"}

GLUED = [("a=1;gclid=TOK", "a=1"), ("a=1&amp;gclid=TOK", "a=1&amp"), ("a=1?gclid=TOK&b=2", "a=1&b=2"), ("?gclid=TOK", None),
         ("a=1&%67clid=TOK", "a=1"), ("a=1&+gclid=TOK&%20fbclid=TOK", "a=1"), ("gclid=TOK&gclid=TOK", None)]


@pytest.mark.parametrize("query, left", GLUED)
def test_click_ids_in_badly_made_links(california, origin, query, left):
    path = origin.on("/red/query", answer("x"))
    california.get(f"{path}?{query}", dict(SAID_NO, Referer=f"https://www.example.test/r?{query}"))
    got = origin.last(path)
    assert got.target == path + (f"?{left}" if left else "")
    assert got.get("Referer") == "https://www.example.test/r" + (f"?{left}" if left else "")


@pytest.mark.parametrize("cookie", ["_ga =1", "\t_ga=1", "_ga=", "=_ga=1", "__Host-_ga=1; Secure; Path=/", "__secure-_fbp=1; Secure",
                                    "_ga=1, _fbp=2", "FPID=1", "_pk_id.1.abcd=1"])
@pytest.mark.parametrize("status", ["200 OK", "301 Moved Permanently", "304 Not Modified", "404 Not Found", "500 Internal Server Error"])
def test_no_tracking_cookie_in_any_spelling(california, origin, cookie, status):
    path = origin.on("/red/set-cookie", answer(b"", [("Set-Cookie", cookie), ("Set-Cookie", "sid=1"), ("Location", "/")], status=status,
                                               type="image/gif", length=not status.startswith("304")))
    for method in ("GET", "HEAD"):
        assert california.get(path, SAID_NO, method=method).all("Set-Cookie") == ["sid=1"]


def test_cookies_sent_in_odd_ways(california, origin):
    path = origin.on("/red/cookie", answer("x"))
    many = "; ".join(f"c{i}={i}" for i in range(300))
    for sent, left in [(["a=1;_ga=2"], "a=1"), (["a=1 ; _ga = 2"], "a=1"), (["_ga=1", "_gid=1", "b=1"], "b=1"), (["a=1;\t_fbp=2"], "a=1"),
                       ([f"{many}; _ga=7"], many)]:
        california.get(path, [("Cookie", c) for c in sent] + [("Sec-GPC", "1")])
        assert origin.last(path).all("Cookie") == [left]


ENDPOINTS = ["/g/collect?v=2&tid=G-ABC", "//g/collect?v=2&tid=G-ABC", "/g/./collect?v=2&tid=G-ABC", "/%67/collect?v=2&tid=G-ABC",
             "/x/../g/collect?v=2&tid=G-ABC", "/anything?tid=G-ABC&v=2", "/%6datomo.php?idsite=1&rec=1", "//matomo.php"]


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
@pytest.mark.parametrize("target", ENDPOINTS)
def test_endpoints_in_odd_paths(california, origin, target, method):
    before = len(origin.requests)
    california.get(target, SAID_NO, method=method, body=b"{}" if method == "POST" else None)
    assert len(origin.requests) == before
