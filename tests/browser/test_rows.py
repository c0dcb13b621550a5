"""Every case of tests/fixtures/html in Chromium: what comes out leads to no tracker, what went in does. (See rows.mjs.)

rows.txt beside this says which cases ask for nothing even as they went in, and why. TACET_BROWSER=all (make browser):
all cases, with scripts and without; else what came out of the first third, with scripts.
"""
import json
import os
import shutil
import signal
import subprocess

import pytest

from harness import ROOT, sanitized
from test_browser import HERE, browser

ALL = os.environ.get("TACET_BROWSER") == "all"
FIXTURES = [os.path.join(ROOT, "tests/fixtures/html", n) for n in ("rows.txt", "hostile.txt")]
MAY = ("an exception of the lists", "known:")  # how the reasons begin of those that may ask for something as they came out


def reasons():
    """{why: [names of cases]}"""
    groups = {}
    with open(os.path.join(HERE, "rows.txt"), encoding="utf-8") as f:
        for line in f.read().splitlines():
            if line.startswith("= "):
                names = groups.setdefault(line[2:], [])
            elif line and not line.startswith("#"):
                names.append(line)
    return groups


def certificate(folder):
    cert, key = os.path.join(folder, "c.pem"), os.path.join(folder, "k.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=www.example.com", "-keyout", key,
                    "-out", cert], check=True, capture_output=True)
    return {"cert": cert, "key": key}


def run(spec, seconds):
    node = subprocess.Popen(["node", os.path.join(HERE, "rows.mjs")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True, start_new_session=True)
    try:
        out, err = node.communicate(json.dumps(spec), timeout=seconds)
    finally:
        if node.poll() is None:
            os.killpg(node.pid, signal.SIGKILL)
            node.communicate()
    assert node.returncode == 0, err[-3000:]
    return json.loads(out)


def test_reasons_are_of_cases_that_there_are():
    cases = [line[2:].rstrip("\n") for path in FIXTURES for line in open(path, encoding="utf-8") if line.startswith("= ")]
    named = [name for names in reasons().values() for name in names]
    assert len(set(cases)) == len(cases) and len(set(named)) == len(named)
    assert not set(named) - set(cases)


@pytest.mark.slow
def test_cases_of_the_rewriter(tmp_path):
    if sanitized():
        pytest.skip("browsers judge the release build")
    if not os.path.isdir(os.path.join(ROOT, "tests/node_modules/puppeteer-core")) or not shutil.which("openssl"):
        pytest.skip("puppeteer-core or openssl is missing: run 'make setup'")
    known = {"freed": [], "unsure": [], "rest": []}
    for why, names in reasons().items():
        known["freed" if why.startswith(MAY) else "unsure" if why.startswith("by chance:") else "rest"] += names
    found = run({"path": browser("chromium", "chromium-browser", "google-chrome"), "lists": os.path.join(ROOT, "conf/lists/trackers.tsv"),
                 "fixtures": FIXTURES, **known, "quick": not ALL, "parallel": 4,
                 **certificate(tmp_path)}, 1800 if ALL else 600)
    with open(os.path.join(ROOT, "build", "browser-rows.txt"), "w") as f:
        f.write(json.dumps(found, indent=1) + "\n")
    assert not found["failed"], found["failed"]
    assert not found["leaks"], json.dumps(found["leaks"], indent=1)
    assert not found["silent"], f"ask for nothing as they went in, and rows.txt does not say why: {found['silent']}"
    assert not found["loud"], f"do ask as they went in, against rows.txt: {found['loud']}"
    assert found["outputs"] >= (2 * found["cases"] if ALL else found["cases"] / 3) and found["inputs"] > 10
