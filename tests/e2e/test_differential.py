"""The rewriter against parse5 over documents that mean ill, the list matcher against two engines in JavaScript; `make
differential` takes many more."""
import os
import shutil
import subprocess

import pytest

from harness import ROOT, tacet_path

DOCUMENTS = 300


def test_nothing_live_is_left():
    driver = os.path.join(os.path.dirname(tacet_path()), "tests", "differential", "rewrite_many")
    if not os.access(driver, os.X_OK):
        pytest.skip("rewrite_many is not built: run 'make tests'")
    if not shutil.which("node") or not os.path.isdir(os.path.join(ROOT, "tests", "node_modules", "parse5")):
        pytest.skip("node or parse5 is missing: run 'make setup'")
    ran = subprocess.run(["node", os.path.join(ROOT, "tests", "differential", "run.mjs"), driver, "--documents", str(DOCUMENTS)],
                         capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0 and f"{DOCUMENTS} documents" in ran.stdout, ran.stdout[-5000:] + ran.stderr[-3000:]


def test_lists_are_read_as_others_read_them():
    driver = os.path.join(os.path.dirname(tacet_path()), "tests", "differential", "match_many")
    if not os.access(driver, os.X_OK):
        pytest.skip("match_many is not built: run 'make tests'")
    if not shutil.which("node") or not os.path.isdir(os.path.join(ROOT, "tests", "node_modules", "@gorhill", "ubo-core")):
        pytest.skip("node or ubo-core is missing: run 'make setup'")
    ran = subprocess.run(["node", os.path.join(ROOT, "tests", "differential", "lists", "run.mjs"), driver, "--lists", "easyprivacy"],
                         capture_output=True, text=True, timeout=300)
    if ran.stdout.startswith("skip: "):
        pytest.skip(ran.stdout[6:].strip())
    assert ran.returncode == 0 and "; 0 differ" in ran.stdout, ran.stdout[-5000:] + ran.stderr[-3000:]
