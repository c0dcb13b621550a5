"""HTTP/2 as another implementation of its frames plays it: the scripts of tests/vtc, run by varnishtest."""
import glob
import os
import shutil
import subprocess

import pytest

import h2
from certificates import Authority
from harness import ROOT, Origin, Tacet, answer

SCRIPTS = sorted(glob.glob(os.path.join(ROOT, "tests", "vtc", "*.vtc")))


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    if not shutil.which("varnishtest"):
        pytest.skip("varnishtest is not installed: run 'make setup'")
    d, origin = tmp_path_factory.mktemp("vtc"), Origin()
    origin.on("/hello", answer("hello", type="text/plain"))
    origin.on("/echo", lambda conn, req: conn.sendall(answer(req.body, type="text/plain")))
    path = d / "t.yaml"
    path.write_text(h2.conf(origin.url, Authority(d / "ca")))
    proxy = Tacet("-c", path)
    yield f"127.0.0.1:{h2.ports(proxy)['h2c']}"
    proxy.stop()
    origin.close()


def test_there_are_scripts():
    assert len(SCRIPTS) >= 6


@pytest.mark.parametrize("script", SCRIPTS, ids=os.path.basename)
def test_script(address, script, tmp_path):
    ran = subprocess.run(["varnishtest", "-t", "30", "-D", f"h2c={address}", script], capture_output=True, text=True, timeout=60, cwd=tmp_path,
                         env=dict(os.environ, TMPDIR=str(tmp_path)))
    assert ran.returncode == 0, ran.stdout[-6000:]
