"""Real pages through the proxy for a visitor who said no: nothing left that a browser would fetch from a listed host."""
import json
import os
import shutil
import subprocess

import pytest

from harness import ROOT

ORACLE = os.path.join(ROOT, "tests", "browser", "oracle.mjs")
LISTS = os.path.join(ROOT, "conf", "lists", "trackers.tsv")


def judge(files):
    """{file: findings} from the oracle, which parses as the HTML standard does."""
    if not shutil.which("node") or not os.path.isdir(os.path.join(ROOT, "tests", "node_modules", "parse5")):
        pytest.skip("node or parse5 is missing: run 'make setup'")
    ran = subprocess.run(["node", ORACLE, LISTS, *map(str, files)], capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stderr[-3000:]
    return json.loads(ran.stdout)


def names(folder):
    return sorted(n for n in os.listdir(folder) if n.endswith(".html"))


def test_the_oracle_sees_trackers(page_folder):
    found = judge([os.path.join(page_folder, n) for n in names(page_folder)])
    assert all(found.values()), [n for n, f in found.items() if not f]


@pytest.mark.parametrize("way", ["", "gz/", "chunked/"])
def test_no_listed_host_is_named(start, nginx_origin, page_folder, tmp_path, way):
    proxy = start("--origin", nginx_origin.url, "--region", "us-ca")
    for name in names(page_folder):
        res = proxy.get(f"/{way}{name}", {"Sec-GPC": "1", "Sec-Fetch-Dest": "document"})
        assert res.status == 200 and not res.has("Content-Encoding"), name
        assert "Opt-Out Request Honored" in res.text, name
        (tmp_path / name).write_bytes(res.body)
    found = judge([tmp_path / n for n in names(page_folder)])
    left = {os.path.basename(n): f for n, f in found.items() if f}
    assert not left, json.dumps(left, indent=1)[:5000]


def test_twice_is_as_once(start, nginx_origin, page_folder, tmp_path):
    """Our own output is clean: a second pass through the proxy finds nothing more to remove."""
    from harness import Nginx, total
    folder, prefix = tmp_path / "once", tmp_path / "nginx"
    folder.mkdir()
    prefix.mkdir()
    proxy = start("--origin", nginx_origin.url, "--region", "us-ca")
    for name in names(page_folder):
        (folder / name).write_bytes(proxy.get(f"/{name}", {"Sec-GPC": "1"}).body)
    again = Nginx(prefix, folder)
    try:
        second = start("--origin", again.url, "--region", "us-ca")
        for name in names(page_folder):
            assert second.get(f"/{name}", {"Sec-GPC": "1"}).status == 200
        actions = {dict(labels)["action"]: v for (n, labels), v in second.metrics().items() if n == "tacet_filter_actions_total" and v}
        assert not set(actions) & {"script", "inline_script", "image", "frame", "link", "style", "media", "object", "noscript"}, actions
        assert total(second.metrics(), "tacet_filter_bypass_total") == 0
    finally:
        again.stop()


def test_the_length_of_a_page_does_not_matter(texas, origin):
    """A tracker at every offset near the edges of buffers is found."""
    from harness import answer
    tag = b"<script src='https://www.google-analytics.com/analytics.js'></script>"
    for pad in [0, 1, 1000] + [n + d for n in (4096, 16384, 32768, 65536) for d in range(-90, 10, 7)]:
        path = origin.on("/pad", answer(b"<p>" + b"x" * pad + tag + b"<p>end"))
        body = texas.get(path, {"Sec-GPC": "1"}).body
        assert b"google-analytics" not in body and b"<p>end" in body, pad
