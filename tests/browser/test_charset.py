"""A page in any encoding reads the same in a real browser with tacet before it and without; and asks for no tracker."""
import pytest

from harness import answer
from recorder import Recorder
from test_browser import chromium, listed

TRACKER = "<script src='https://www.google-analytics.com/analytics.js'></script><img src='https://www.google-analytics.com/collect?v=1'>"
JAPANESE = "<!doctype html><title>\u65e5\u672c</title>{}<body><p>\u3053\u3093\u306b\u3061\u306f\u3001\u4e16\u754c\u3002 & &lt;b> \uff71</p><p id=b>\u6771\u4eac</p>"
LATIN = "<!doctype html><title>x</title>{}<body><p>\u00c4rger \u2013 na\u00efve & fa\u00e7ade</p>"
CYRILLIC = "<!doctype html><title>x</title>{}<body><p>\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440</p>"

PAGES = [  # Content-Type, bytes before, page, its encoding for python, bytes behind that are no characters
    ("text/html; charset=utf-8", b"", JAPANESE, "utf-8", b"\xff\xc3"),
    ("text/html; charset=utf-16le", b"", JAPANESE, "utf-16-le", b"\x00\xd8a\0\x00\xdc"),
    ("text/html; charset=\"utf-16be", b"", JAPANESE, "utf-16-be", b"\xd8\x00\0a\xdc\x00"),
    ("text/html", b"\xff\xfe", JAPANESE, "utf-16-le", b""),
    ("text/html; charset=utf-8", b"\xfe\xff", JAPANESE, "utf-16-be", b""),
    ("text/html", b"", "<?xml version='1.0'?>" + JAPANESE, "utf-16-le", b""),
    ("text/html; charset=iso-2022-jp", b"", JAPANESE, "iso2022_jp_ext", b"\x80\x1b$B~~-!y!!A\x1b(J\\~\x1b(B"),
    ("text/html", b"", JAPANESE.replace("{}", "<meta charset=iso-2022-jp>"), "iso2022_jp_ext", b""),
    ("text/html", b"", "<?xml version='1.0' encoding='iso-2022-jp'?>" + JAPANESE, "iso2022_jp_ext", b""),
    ("text/html; charset=shift_jis", b"", JAPANESE, "cp932", b"\x81"),
    ("text/html", b"", JAPANESE.replace("{}", "<meta charset=euc-jp>"), "euc_jp", b""),
    ("text/html; charset=gb18030", b"", JAPANESE, "gb18030", b""),
    ("text/html; charset=latin1", b"", LATIN, "cp1252", b""),
    ("text/html", b"", LATIN.replace("{}", "<meta http-equiv=content-type content='text/html; charset=windows-1252'>"), "cp1252", b""),
    ("text/html", b"", CYRILLIC.replace("{}", "<meta charset=koi8-r>"), "koi8_r", b""),
    (None, b"", JAPANESE.replace("{}", "<meta charset=utf-8>"), "utf-8", b""),
]


@pytest.fixture(scope="module")
def recorder():
    recorder = Recorder()
    yield recorder
    recorder.close()


READ = """new Promise(done => {
  const frames = [...document.querySelectorAll('iframe')];
  const read = () => frames.every(f => f.contentDocument?.readyState === 'complete' && f.contentDocument.URL !== 'about:blank')
    ? done(frames.map(f => [f.contentDocument.title, f.contentDocument.body.innerText]))
    : setTimeout(read, 50);
  read();
})"""


@pytest.mark.slow
def test_the_same_text(start, fresh_origin, recorder):
    proxy = start("--origin", fresh_origin.url, "--region", "us-ca")
    fresh_origin.on("/", answer("<!doctype html><title>x</title>" + "".join(f"<iframe src=/{i}></iframe>" for i in range(len(PAGES)))))
    for i, (type, before, page, encoding, behind) in enumerate(PAGES):
        body = before + (page.format("") + TRACKER).encode(encoding) + behind
        fresh_origin.on(f"/{i}", answer(body, type=type))
    visit = {"url": "http://www.example.test/", "settle": 50, "run": READ}
    direct = chromium(recorder, fresh_origin.port, [visit])[0]
    assert listed(urls=direct["requests"])[0]
    recorder.take()
    ours = chromium(recorder, proxy.port, [{**visit, "headers": {"Sec-GPC": "1"}}])[0]
    assert not listed(hosts=recorder.take())[1] and not listed(urls=ours["requests"])[0]
    for (type, *_, encoding, _), want, got in zip(PAGES, direct["result"], ours["result"]):
        assert len(want[1]) > 10 and got[0] == want[0], (type, encoding)
        assert got[1].split("Opt-Out Request Honored")[0].rstrip() == want[1].rstrip(), (type, encoding)


HOSTS = [  # encoding, a tracker's host in its bytes
    ("windows-1252", b"www.google-an\xadalytics.com"), ("iso-8859-15", b"www.google-analytic\xads.com"),
    ("macintosh", b"www.google-an\xbblytics.com"), ("koi8-r", b"\xc1.google-analytics.com"),
    ("shift_jis", b"www.google-\x82\x81nalytics.com"), ("gbk", b"www.google-analytics\xa1\xa3com"), ("big5", b"www.goo\xa2\xefle-analytics.com"),
    ("euc-jp", b"www\xa1\xa3google-analytics.com"), ("shift_jis", b"x\x95\\.google-analytics.com"),
    ("utf-8", "www.google-analy\u00adtics.com".encode()), ("utf-8", "www.googletag\u3383nager.com".encode()),
    ("utf-8", "www.google-analytics\uff61com".encode())]


@pytest.mark.slow
def test_hosts_in_other_bytes(start, fresh_origin, recorder):
    """What the page's encoding and IDNA make a tracker's host is asked without tacet, and not with it."""
    proxy = start("--origin", fresh_origin.url, "--region", "us-ca")
    for i, (encoding, host) in enumerate(HOSTS):
        page = b"<!doctype html><title>x</title><img src='http://%b/collect?v=1&x=%d'><script src='http://%b/gtm.js?x=%d'></script>" % (host, i, host, i)
        fresh_origin.on(f"/{i}", answer(page, type=f"text/html; charset={encoding}"))
    pages = [{"url": f"http://www.example.test/{i}", "settle": 500} for i in range(len(HOSTS))]
    for (encoding, host), seen in zip(HOSTS, chromium(recorder, fresh_origin.port, pages, parallel=4)):
        assert listed(urls=seen["requests"])[0], (encoding, host, seen["requests"])
    recorder.take()
    for (encoding, host), seen in zip(HOSTS, chromium(recorder, proxy.port, [{**p, "headers": {"Sec-GPC": "1"}} for p in pages], parallel=4)):
        assert not [u for u in seen["requests"] if "google" in u and "example.test" not in u], (encoding, host, seen["requests"])
    assert not listed(hosts=recorder.take())[1]
