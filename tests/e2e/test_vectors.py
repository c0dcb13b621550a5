"""The hostile HTTP/1 vectors: what is ambiguous gets no further, in either direction."""
import glob
import json
import os
import re
import subprocess
import sys

import pytest

from harness import ROOT, SHARED, sanitized, tacet_path

RUNNER = os.path.join(SHARED, "tests", "http1", "run_vectors.py")
START = "exec {tacet} run --origin http://127.0.0.1:{{origin}} --listen {{listen}} --admin 127.0.0.1:0 --region us-tx"


@pytest.mark.slow
def test_vectors(tmp_path):
    """rfc 0, product 0; a strict one may fail only with its id and the reason in a decision record."""
    if not os.path.exists(RUNNER):
        pytest.skip("../shared/tests/http1 is not there")
    report = tmp_path / "verdicts.json"
    ran = subprocess.run([sys.executable, RUNNER, "--start", START.format(tacet=tacet_path()), "--json", report,
                          "--quiet", "0.6" if sanitized() else "0.25"], capture_output=True, text=True, timeout=600)
    # The runner also bounds the growth of memory; what a sanitizer keeps back of freed memory is not ours.
    levels = re.search(r"failed by level: rfc (\d+), strict \d+, product (\d+)", ran.stdout)
    assert ran.returncode == 0 or sanitized() and levels and levels.groups() == ("0", "0"), ran.stdout[-6000:] + ran.stderr[-2000:]
    records = "".join(open(f).read() for f in glob.glob(os.path.join(ROOT, "docs/adr/*.md")))
    unexplained = [v["id"] for v in json.loads(report.read_text()) if v["why"] and v["id"] not in records]
    assert not unexplained, ran.stdout[-3000:]
