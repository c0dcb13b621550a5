"""The same real pages in every way an origin may send them: packed, chunked, a byte at a time; opted out and not."""
import gzip
import os
import re

import pytest

from harness import answer, chunked_answer, head_bytes
from test_corpus import judge, names

DRIPPED = 6     # the smallest pages; all of them, byte by byte through the filter alone: tests/split


def dripped(body):
    def script(conn, _request):
        conn.sendall(head_bytes("HTTP/1.1 200 OK", {"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(body))}))
        for i in range(len(body)):
            conn.send(body[i:i + 1])
    return script


WAYS = {
    "gzip": lambda body: answer(gzip.compress(body), {"Content-Encoding": "gzip"}),
    "gzip, members": lambda body: answer(gzip.compress(body[:999]) + gzip.compress(body[999:]), {"Content-Encoding": "gzip"}),
    "chunked": lambda body: chunked_answer(body),
    "dripped": dripped,
}


def pages_for(way, folder):
    found = sorted(names(folder), key=lambda n: os.path.getsize(os.path.join(folder, n)))
    return found[:DRIPPED] if way == "dripped" else found


def fetch(proxy, origin, folder, name, way, fields):
    with open(os.path.join(folder, name), "rb") as f:
        body = f.read()
    path = origin.on("/" + re.sub(r"\W", "", way) + "/" + name, WAYS[way](body))
    res = proxy.get(path, {"Accept-Encoding": "gzip", "Sec-Fetch-Dest": "document", **fields})
    assert res.status == 200, name
    packed = "gzip" in way
    assert (res.get("Content-Encoding") == "gzip") == packed, name
    return body, gzip.decompress(res.body) if packed else res.body


@pytest.mark.parametrize("way", WAYS)
def test_opted_out(start, fresh_origin, page_folder, tmp_path, way):
    proxy = start("--origin", fresh_origin.url, "--region", "us-ca")
    pages = pages_for(way, page_folder)
    for name in pages:
        _, got = fetch(proxy, fresh_origin, page_folder, name, way, {"Sec-GPC": "1"})
        assert b"Opt-Out Request Honored" in got, name
        (tmp_path / name).write_bytes(got)
    left = {os.path.basename(n): f for n, f in judge([tmp_path / n for n in pages]).items() if f}
    assert not left, str(left)[:3000]


@pytest.mark.parametrize("way", WAYS)
def test_nothing_said(start, fresh_origin, page_folder, way):
    proxy = start("--origin", fresh_origin.url, "--region", "us-tx")
    for name in pages_for(way, page_folder):
        sent, got = fetch(proxy, fresh_origin, page_folder, name, way, {})
        assert sent == got, name
