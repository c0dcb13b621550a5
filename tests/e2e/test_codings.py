"""
Packed pages are unpacked to be filtered and packed again for those who take it; what cannot be read is refused. What the
site wants packed at the edge is packed for those who take it, with the validators and caching fields that go with it.
"""
import ctypes
import gzip
import shutil
import subprocess
import threading
import zlib

import pytest

import harness
from harness import Broken, answer, chunked_answer, head_bytes

PAGE = ("<!doctype html><title>t</title><body>" + "<p>words and words</p>\n" * 500 +
        "<script src='https://www.google-analytics.com/analytics.js'></script></body>").encode()
STYLE = b".a { color: #123456; background: url(x.png) }\n" * 400
SAID_NO = {"Sec-GPC": "1", "Sec-Fetch-Dest": "document"}
TAKES = {"Accept-Encoding": "gzip, deflate, br, zstd"}
tools = pytest.mark.skipif(not (shutil.which("brotli") and shutil.which("zstd")), reason="no brotli, zstd: run 'make setup'")


def raw_deflate(data):
    z = zlib.compressobj(6, zlib.DEFLATED, -15)
    return z.compress(data) + z.flush()


def tool(data, *args):
    return subprocess.run(args, input=data, capture_output=True, check=True).stdout


def pack(data, coding):
    return {"gzip": gzip.compress, "x-gzip": gzip.compress, "deflate": zlib.compress,
            "br": lambda d: tool(d, "brotli", "-c"), "zstd": lambda d: tool(d, "zstd", "-qc")}[coding](data)


def unpack(res):
    """The body, by the programs that belong to its coding."""
    coding = res.get("Content-Encoding")
    if coding == "br":
        return tool(res.body, "brotli", "-dc")
    if coding == "zstd":
        return tool(res.body, "zstd", "-dqc")
    return zlib.decompress(res.body, 31) if coding == "gzip" else res.body


def filtered(body):
    return b"google-analytics" not in body and b"words and words" in body


@pytest.fixture(scope="module")
def edge(origin, tmp_path_factory):
    """A proxy that packs, in front of a site for each list of codings: all.test, gzip.test, br.test."""
    sites = "".join(f"""
  - hosts: [{host}]
    origin: {{url: "{origin.url}"}}
    compress: {codings}""" for host, codings in
                    (("all.test", "[gzip, br, zstd]"), ("gzip.test", "[gzip]"), ("br.test", "[br, gzip]"), ("off.test", "[]")))
    path = tmp_path_factory.mktemp("edge") / "tacet.yaml"
    path.write_text(f"""version: 1
listen: [{{address: "127.0.0.1:0"}}]
admin: {{address: "127.0.0.1:0"}}
geo: {{databases: []}}
sites: {sites}
rule_sets:
  opt-out: {{scripts: {{remove: [analytics, advertising]}}}}
  light: {{}}
regions:
  - {{name: rest, where: ["*"], honour: [gpc], default: light, opted_out: opt-out}}
""")
    proxy = harness.Tacet("-c", path)
    yield proxy
    proxy.stop()


# ---- unpacked, filtered, packed again ---------------------------------------------------------------

@pytest.mark.parametrize("coding, packed", [
    ("gzip", gzip.compress(PAGE)), ("x-gzip", gzip.compress(PAGE)), ("deflate", zlib.compress(PAGE)),
    ("deflate", raw_deflate(PAGE)), ("gzip", gzip.compress(PAGE[:900]) + gzip.compress(PAGE[900:]) + b"\0\0"),
    ("gzip, gzip", gzip.compress(gzip.compress(PAGE))), ("deflate, gzip", gzip.compress(zlib.compress(PAGE)))])
def test_in_and_out(texas, origin, coding, packed):
    path = origin.on("/z/in-out", answer(packed, {"Content-Encoding": coding}))
    res = texas.get(path, {**SAID_NO, **TAKES})
    assert res.get("Content-Encoding") == "gzip" and "accept-encoding" in ", ".join(res.all("Vary")).lower()
    assert filtered(zlib.decompress(res.body, 31))
    assert origin.last(path).get("Accept-Encoding") == "gzip, deflate, br, zstd"
    plain = texas.get(path, {**SAID_NO, "Accept-Encoding": "compress"})
    assert not plain.has("Content-Encoding") and filtered(plain.body)
    assert origin.last(path).get("Accept-Encoding") == "identity"


@tools
@pytest.mark.parametrize("coding", ["br", "zstd"])
@pytest.mark.parametrize("level", ["1", "9"])
def test_br_and_zstd_in_and_out(texas, origin, coding, level):
    packed = tool(PAGE, "brotli", "-c", "-q", level) if coding == "br" else tool(PAGE, "zstd", "-qc", "-" + level)
    path = origin.on("/z/modern", answer(packed, {"Content-Encoding": coding}))
    res = texas.get(path, {**SAID_NO, **TAKES})
    assert res.get("Content-Encoding") == coding and filtered(unpack(res))
    res = texas.get(path, {**SAID_NO, "Accept-Encoding": "gzip"})
    assert res.get("Content-Encoding") == "gzip" and filtered(unpack(res))
    assert origin.last(path).get("Accept-Encoding") == "gzip"
    res = texas.get(path, SAID_NO)
    assert not res.has("Content-Encoding") and filtered(res.body)


@tools
def test_lists_and_frames(texas, origin):
    frames = pack(PAGE[:5000], "zstd") + b"\x50\x2a\x4d\x18\x03\0\0\0abc" + pack(PAGE[5000:], "zstd")
    for coding, packed in (("zstd", frames), ("gzip, br", pack(pack(PAGE, "gzip"), "br")),
                           ("br, zstd, gzip", pack(pack(pack(PAGE, "br"), "zstd"), "gzip"))):
        path = origin.on("/z/lists", chunked_answer(packed, {"Content-Encoding": coding}, size=501))
        res = texas.get(path, {**SAID_NO, **TAKES})
        assert res.status == 200 and filtered(unpack(res)), coding


@pytest.mark.parametrize("coding", ["dcb", "compress", "gzip, dcz", "gzip, gzip, gzip, gzip"])
def test_unknown_codings_are_refused(texas, origin, coding):
    path = origin.on("/z/unknown", answer(PAGE, {"Content-Encoding": coding}))
    assert texas.get(path, SAID_NO).status == 502
    assert texas.get(path, TAKES).get("Content-Encoding") == coding  # not for those who said nothing


@pytest.mark.parametrize("coding", ["dcb", "compress", "gzip, dcz", "gzip, gzip, gzip, gzip"])
def test_unknown_codings_pass_where_nothing_has_to_be_done(start, fresh_origin, tmp_path, coding):
    """A link to the choices page would be put in; that it cannot be is no reason to refuse the page."""
    conf = tmp_path / "tacet.yaml"
    conf.write_text(f"""version: 1
listen: [{{address: "127.0.0.1:0"}}]
admin: {{address: "127.0.0.1:0"}}
geo: {{databases: []}}
sites: [{{hosts: ["*"], origin: {{url: "{fresh_origin.url}"}}, choices: {{link: auto}}}}]
rule_sets: {{opt-out: {{scripts: {{remove: [analytics, advertising]}}}}, light: {{}}}}
regions: [{{name: rest, where: ["*"], honour: [gpc], default: light, opted_out: opt-out}}]
""")
    proxy = start("-c", conf, listen=False)
    fresh_origin.on("/", answer(PAGE, {"Content-Encoding": coding, "ETag": '"a"'}))
    fresh_origin.on("/plain", answer(PAGE))
    res = proxy.get("/", TAKES)
    assert (res.status, res.get("Content-Encoding"), res.get("ETag"), res.body) == (200, coding, '"a"', PAGE)
    assert res.get("Content-Length") == str(len(PAGE))
    assert "data-tacet" in proxy.get("/plain").text
    assert harness.total(proxy.metrics(), "tacet_filter_bypass_total") == 0
    assert proxy.get("/", {**SAID_NO, **TAKES}).status == 502


def test_untouched_for_those_who_said_nothing(texas, origin):
    packed = gzip.compress(PAGE)
    path = origin.on("/z/in", answer(packed, {"Content-Encoding": "gzip"}))
    res = texas.get(path, TAKES)
    assert res.body == packed and res.get("Content-Length") == str(len(packed))
    assert origin.last(path).get("Accept-Encoding") == TAKES["Accept-Encoding"]


@tools
@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_truncated_is_cut(texas, origin, coding):
    packed = pack(PAGE, coding)
    for cut in (packed[:-1], packed[:len(packed) // 2]):
        path = origin.on("/z/cut", answer(cut, {"Content-Encoding": coding}))
        with pytest.raises(Broken):
            texas.get(path, {**SAID_NO, **TAKES})
    path = origin.on("/z/junk", answer(b"junk" * 50, {"Content-Encoding": coding}))
    with pytest.raises(Broken):
        texas.get(path, {**SAID_NO, **TAKES})


def streamed(*args, size):
    """`size` zeros through a program, without having them."""
    with subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as p:
        out = []
        reader = threading.Thread(target=lambda: out.append(p.stdout.read()))
        reader.start()
        zeros = bytes(1 << 20)
        for _ in range(size >> 20):
            p.stdin.write(zeros)
        p.stdin.close()
        reader.join()
    return out[0]


@tools
@pytest.mark.parametrize("coding, args", [
    ("gzip", ("gzip", "-c1")), ("br", ("brotli", "-cq", "1")), ("zstd", ("zstd", "-qc"))])
def test_bombs_are_cut(texas, origin, coding, args):
    bomb = streamed(*args, size=1 << 30)
    path = origin.on("/z/bomb", answer(bomb, {"Content-Encoding": coding}))
    before = texas.memory("VmHWM")

    def one():
        with pytest.raises(Broken):
            texas.get(path, SAID_NO)

    threads = [threading.Thread(target=one) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(30)
    if not harness.sanitized():
        assert texas.memory("VmHWM") - before < 64 << 20
    assert texas.get("/z/after").status == 200


def test_head_says_what_get_would(texas, origin):
    path = origin.on("/z/head", answer(gzip.compress(PAGE), {"Content-Encoding": "gzip"}))
    get, head = (texas.get(path, {**SAID_NO, **TAKES}, method=m) for m in ("GET", "HEAD"))
    assert head.status == 200 and head.body == b""
    for name in ("Content-Encoding", "Vary", "Content-Type"):
        assert head.get(name) == get.get(name), name


class Unpacking:
    """What can be read of a packed body so far. The programs give nothing before the end, or too late: the library."""

    def __init__(self, coding):
        self.z = zlib.decompressobj(31) if coding == "gzip" else None
        self.br = coding == "br" and ctypes.CDLL("libbrotlidec.so.1")
        self.packed = self.text = b""

    def feed(self, data):
        self.packed += data
        if self.z:
            self.text += self.z.decompress(data)
        elif self.br:
            self.text = self.brotli()
        else:  # complains about the missing end, and gives what there is
            self.text = subprocess.run(("zstd", "-dqc"), input=self.packed, capture_output=True, check=False).stdout

    def brotli(self):
        size, ptr = ctypes.c_size_t, ctypes.c_void_p
        self.br.BrotliDecoderCreateInstance.restype = ptr
        out, packed = ctypes.create_string_buffer(1 << 20), ctypes.create_string_buffer(self.packed, len(self.packed))
        at, to = ptr(ctypes.addressof(packed)), ptr(ctypes.addressof(out))
        state, left, room = ptr(self.br.BrotliDecoderCreateInstance(None, None, None)), size(len(self.packed)), size(len(out))
        self.br.BrotliDecoderDecompressStream(state, *map(ctypes.byref, (left, at, room, to)), None)
        self.br.BrotliDecoderDestroyInstance(state)
        return out.raw[:len(out) - room.value]


def chunks(client):
    """The pieces of a chunked body, as they come."""
    while True:
        size = int(client.reader.line(), 16)
        data = client.reader.exactly(size)
        assert client.reader.exactly(2) == b"\r\n"
        if size == 0:
            return
        yield data


def drips(origin, path, parts, fields, go):
    """An origin that sends a part, and the next when go is set."""
    def script(conn, _request):
        conn.sendall(head_bytes("HTTP/1.1 200 OK", {**fields, "Connection": "close"}))
        for i, part in enumerate(parts):
            if i > 0:
                assert go.wait(10)
                go.clear()
            conn.sendall(part)
        return False
    return origin.on(path, script)


def test_a_packed_page_that_drips_drips(texas, origin):
    go = threading.Event()
    z = zlib.compressobj(6, zlib.DEFLATED, 31)
    parts = [z.compress(b"<p>the first part</p>") + z.flush(zlib.Z_SYNC_FLUSH), z.compress(b"<p>the second</p>") + z.flush()]
    path = drips(origin, "/z/drip", parts, {"Content-Type": "text/html; charset=utf-8", "Content-Encoding": "gzip"}, go)
    with texas.client(timeout=5) as c:
        c.ask(path, {**SAID_NO, **TAKES})
        c.reader.head()
        seen, z = b"", zlib.decompressobj(31)
        for data in chunks(c):
            seen += z.decompress(data)
            if b"first part" in seen:
                go.set()
        assert b"second" in seen and z.eof


# ---- packed at the edge ---------------------------------------------------------------------------------

@tools
@pytest.mark.parametrize("host, accept, coding", [
    ("all.test", "gzip, deflate, br, zstd", "zstd"), ("all.test", "gzip, deflate, br", "br"), ("all.test", "gzip", "gzip"),
    ("br.test", "gzip, deflate, br, zstd", "br"), ("gzip.test", "gzip, deflate, br, zstd", "gzip"),
    ("all.test", "br;q=0.5, gzip;q=0.8", "gzip"), ("all.test", "*;q=0, br", "br"), ("all.test", "identity", None),
    ("all.test", "gzip;q=0", None), ("all.test", None, None), ("off.test", "gzip, deflate, br, zstd", None)])
def test_edge_packs(edge, origin, host, accept, coding):
    fields = {"Accept-Encoding": accept} if accept else {}
    whole = answer(STYLE, {"ETag": '"s"', "Content-MD5": "x", "Accept-Ranges": "bytes"}, type="text/css")
    for script in (whole, chunked_answer(STYLE, {"ETag": '"s"'}, type="text/css", size=700)):
        path = origin.on("/e/packs", script)
        get, head = (edge.get(path, fields, host=host, method=m) for m in ("GET", "HEAD"))
        assert get.get("Content-Encoding") == coding and unpack(get) == STYLE
        assert get.get("ETag") == ('W/"s"' if coding else '"s"')
        assert ("Accept-Encoding" in get.all("Vary")) == (host != "off.test")
        for name in ("Content-Encoding", "ETag", "Vary", "Accept-Ranges", "Content-MD5", "Content-Type"):
            assert head.get(name) == get.get(name), name
        if coding:
            assert len(get.body) < len(STYLE) / 10 and not get.has("Content-MD5")
            assert get.get("Accept-Ranges") == "none" and not head.has("Content-Length")
        assert origin.last(path).get("Accept-Encoding") == accept  # the origin may still pack itself
    if not coding:
        path = origin.on("/e/plain", whole)
        assert edge.get(path, fields, host=host).body == STYLE


@pytest.mark.parametrize("fields, status, type, size", [
    ({"Cache-Control": "public, no-transform"}, "200 OK", "text/css", 20000),
    ({"X-Accel-Buffering": "no"}, "200 OK", "text/css", 20000),
    ({}, "200 OK", "image/png", 20000), ({}, "200 OK", "text/css", 1000), ({}, "200 OK", "application/grpc", 20000),
    ({"Content-Range": "bytes 0-19999/30000"}, "206 Partial Content", "text/css", 20000),
    ({"Content-Encoding": "dcb"}, "200 OK", "text/css", 20000), ({}, "500 Oops", "text/css", 20000)])
def test_edge_leaves(edge, origin, fields, status, type, size):
    body = STYLE[:1000] * (size // 1000)
    path = origin.on("/e/leaves", answer(body, {**fields, "ETag": '"s"'}, status=status, type=type))
    res = edge.get(path, TAKES, host="all.test")
    assert res.body == body and res.get("Content-Length") == str(size) and res.get("ETag") == '"s"'
    assert res.get("Content-Encoding") == fields.get("Content-Encoding") and not res.has("X-Accel-Buffering")


@tools
def test_edge_packs_what_is_filtered(edge, origin):
    """Both at once, whether the origin had packed it or not."""
    for script in (answer(PAGE, {"ETag": '"p"'}), answer(pack(PAGE, "br"), {"ETag": '"p"', "Content-Encoding": "br"}),
                   chunked_answer(PAGE, {"ETag": '"p"'}, size=3000)):
        path = origin.on("/e/filtered", script)
        for accept, coding in (("zstd, gzip", "zstd"), ("br, gzip", "br"), ("gzip", "gzip"), ("identity", None)):
            res = edge.get(path, {**SAID_NO, "Accept-Encoding": accept}, host="all.test")
            assert res.get("Content-Encoding") == coding and filtered(unpack(res))
            assert res.get("ETag").startswith('W/"p;tc')
            assert {"Accept-Encoding", "Sec-GPC"} <= set(", ".join(res.all("Vary")).split(", "))
    said_nothing = edge.get(path, {"Accept-Encoding": "gzip"}, host="all.test")
    assert unpack(said_nothing) == PAGE and said_nothing.get("ETag") == 'W/"p"'


def strict(etag, body, type):
    """An origin that compares entity tags as bytes, as many do."""
    def script(conn, request):
        tags = [t.strip() for v in request.all("If-None-Match") for t in v.split(",")]
        if etag in tags or "*" in tags:
            conn.sendall(head_bytes("HTTP/1.1 304 Not Modified", {"ETag": etag, "Vary": "Cookie"}))
        elif request.method == "HEAD":
            conn.sendall(answer(body, {"ETag": etag}, type=type).split(b"\r\n\r\n")[0] + b"\r\n\r\n")
        else:
            conn.sendall(answer(body, {"ETag": etag}, type=type))
    return script


def test_conditional_conversations(edge, origin):
    path = origin.on("/e/tags", strict('"v1"', STYLE, "text/css"))

    def ask(tags, accept="gzip", host="all.test", **more):
        return edge.get(path, {"If-None-Match": tags, "Accept-Encoding": accept, "Sec-Fetch-Dest": "style", **more}, host=host)

    packed = edge.get(path, {"Accept-Encoding": "gzip"}, host="all.test")
    assert packed.get("ETag") == 'W/"v1"' and packed.get("Content-Encoding") == "gzip"
    for tags in ('W/"v1"', '"old", W/"v1"', 'W/"v1", "other"', 'W/"a,b" , W/"v1"'):
        res = ask(tags)
        assert res.status == 304 and res.get("ETag") == 'W/"v1"' and res.body == b"", tags
        assert "Accept-Encoding" in ", ".join(res.all("Vary")) and "Cookie" in ", ".join(res.all("Vary"))
    assert ask('"v1"', "identity").status == 304 and ask('"v1"', "identity").get("ETag") == '"v1"'
    assert ask("*").status == 304
    for tags in ('W/"v2"', '"v1', 'W/"v1;tc00000000"'):
        assert ask(tags).status == 200, tags
    head = edge.get(path, {"If-None-Match": 'W/"v1"', "Accept-Encoding": "gzip"}, host="all.test", method="HEAD")
    assert head.status == 304 and head.get("ETag") == 'W/"v1"'
    assert ask('W/"v1"', host="off.test").status == 200  # handed on as it came


def test_conditional_conversations_about_a_page(edge, origin):
    path = origin.on("/e/page-tags", strict('"p1"', PAGE, "text/html; charset=utf-8"))
    for accept in ("gzip", "identity", "br"):
        no, nothing = {**SAID_NO, "Accept-Encoding": accept}, {"Accept-Encoding": accept, "Sec-Fetch-Dest": "document"}
        ours = edge.get(path, no, host="all.test").get("ETag")
        theirs = edge.get(path, nothing, host="all.test").get("ETag")
        assert ours.startswith('W/"p1;tc') and theirs == ('"p1"' if accept == "identity" else 'W/"p1"')
        again = edge.get(path, {**no, "If-None-Match": f'"x", {ours}'}, host="all.test")
        assert again.status == 304 and again.get("ETag") == ours
        again = edge.get(path, {**nothing, "If-None-Match": theirs}, host="all.test")
        assert again.status == 304 and again.get("ETag") == theirs
        assert edge.get(path, {**no, "If-None-Match": theirs}, host="all.test").status == 200
        assert edge.get(path, {**nothing, "If-None-Match": ours}, host="all.test").status == 200


def test_events_are_never_held_back(edge, origin):
    go = threading.Event()
    for fields in ({"Content-Type": "text/event-stream"}, {"Content-Type": "text/plain", "X-Accel-Buffering": "no"}):
        path = drips(origin, "/e/events", [b"data: one\n\n", b"data: two\n\n"], fields, go)
        with edge.client(host="all.test", timeout=5) as c:
            c.ask(path, TAKES)
            assert not c.reader.head().has("Content-Encoding")
            seen = b""
            for data in chunks(c):
                seen += data
                if seen == b"data: one\n\n":
                    go.set()
            assert seen == b"data: one\n\ndata: two\n\n"


@tools
@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
@pytest.mark.parametrize("said", [{}, SAID_NO])
def test_what_drips_drips_packed(edge, origin, coding, said):
    """Each part can be read before the next is sent."""
    go = threading.Event()
    parts = [f"<p>this is part {i} of the page</p>".encode().ljust(1100) for i in range(4)]
    path = drips(origin, "/e/drips", parts, {"Content-Type": "text/html; charset=utf-8"}, go)
    with edge.client(host="all.test", timeout=5) as c:
        c.ask(path, {**said, "Accept-Encoding": coding})
        assert c.reader.head().get("Content-Encoding") == coding
        z, seen = Unpacking(coding), 0
        for data in chunks(c):
            z.feed(data)
            while f"part {seen} of".encode() in z.text:
                seen += 1
                go.set()
        assert seen == 4 and z.text.count(b"<p>this") == 4


def test_a_body_in_one_go_is_packed_in_one(edge, origin):
    """Chunks that come together cost no flushes between them."""
    sizes = {}
    for size in (200, 3000, len(PAGE)):
        path = origin.on("/e/one-go", chunked_answer(PAGE, size=size))
        sizes[size] = len(edge.get(path, {"Accept-Encoding": "gzip"}, host="all.test").body)
    assert max(sizes.values()) <= min(sizes.values()) + 60, sizes


def test_large_bodies_stream_packed(edge, origin):
    """More than any buffer, without growing by it; a broken one is cut."""
    body = bytes(range(32, 127)) * 200000
    path = origin.on("/e/large", chunked_answer(body, type="text/plain", size=60000))
    before = edge.memory("VmHWM")
    for accept in ("gzip", "zstd", "br"):
        res = edge.get(path, {"Accept-Encoding": accept}, host="all.test")
        assert res.get("Content-Encoding") == accept
        if accept == "gzip" or shutil.which("brotli"):
            assert unpack(res) == body
    if not harness.sanitized():
        assert edge.memory("VmHWM") - before < 24 << 20
    half = origin.on("/e/half", answer(body, type="text/plain")[:-1000])
    with pytest.raises(Broken):
        with edge.client(host="all.test") as c:
            c.ask(half, {"Accept-Encoding": "gzip"})
            threading.Timer(1, origin_closes, (origin,)).start()
            c.answer()


def origin_closes(origin):
    for conn in list(origin.open):
        conn.shutdown(2)


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl")
def test_curl_compressed(edge, origin):
    for path, said, want in (("/e/curl", (), PAGE), ("/e/curl", ("-H", "Sec-GPC: 1"), None)):
        origin.on(path, answer(PAGE))
        got = tool(b"", "curl", "-sS", "--compressed", "-H", "Host: all.test", *said, f"http://127.0.0.1:{edge.port}{path}")
        assert got == want if want else filtered(got)
