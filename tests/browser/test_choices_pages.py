"""The choices page and its companions in Chromium, without scripts: for everyone, in every language, by keyboard alone.

TACET_BROWSER=all (make browser): all languages and pages, light, dark, narrow and zoomed; else three languages.
"""
import json
import os
import subprocess

import pytest

from harness import ROOT, answer, sanitized
from test_browser import HERE, STATUS, browser

ALL = os.environ.get("TACET_BROWSER") == "all"
LANGUAGES = ["en", "es", "fr", "de", "nl", "it", "pt", "zh-Hans", "ja", "ar"]
QUICK = ["en", "de", "ar"]
AXE = os.path.join(ROOT, "tests/node_modules/axe-core/axe.min.js")
TAG = "https://www.googletagmanager.com/gtm.js?id=GTM-1"
PAGE = f"<!doctype html><html lang=en><title>A page</title><p>Text<script src=\"{TAG}\"></script>"


@pytest.fixture(scope="module")
def tried(origin, tmp_path_factory):
    import harness
    if sanitized():
        pytest.skip("browsers judge the release build")
    for what, there in (("axe-core", os.path.exists(AXE)), ("puppeteer-core", os.path.isdir(os.path.join(ROOT, "tests/node_modules/puppeteer-core")))):
        if not there:
            pytest.skip(f"{what} is missing: run 'make setup'")
    origin.on("/page", answer(PAGE))
    # California: the longest title, with its icon
    proxy = harness.Tacet("--origin", origin.url, "--region", "us-ca", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
    spec = {"path": browser("chromium", "chromium-browser", "google-chrome"), "args": ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
            "site": f"http://127.0.0.1:{proxy.port}", "axe": AXE, "languages": LANGUAGES if ALL else QUICK, "all": ALL,
            "shots": os.environ.get("TACET_SHOTS")}
    ran = subprocess.run(["node", os.path.join(HERE, "choices.mjs")], input=json.dumps(spec), capture_output=True, text=True,
                         timeout=1800 if ALL else 400)
    proxy.stop()
    assert ran.returncode == 0, ran.stderr[-3000:]
    return json.loads(ran.stdout)


@pytest.mark.slow
def test_everyone_can_use_it(tried):
    views, ways = (3, 4) if ALL else (1, 2)
    assert len(tried["looks"]) == len(LANGUAGES if ALL else QUICK) * views * ways
    for name, look in tried["looks"].items():
        assert not look["axe"], (name, look["axe"])
        assert {"color-contrast", "html-has-lang", "target-size"} <= set(look["passed"]), (name, look["passed"])
        assert look["width"][0] <= look["width"][1], (name, look["width"])
        small = [t for t in look["targets"] if t[1] < 24 or t[2] < 24]
        assert len(look["targets"]) >= 3 and not small, (name, small)


@pytest.mark.slow
def test_languages_and_directions(tried):
    for name, look in tried["looks"].items():
        language = name.split(" ")[0].split("/")[0]
        assert look["lang"] == language and look["dir"] == ("rtl" if language == "ar" else "ltr"), name
        sides = look["sides"][1:]  # the first is the legal title, in English
        assert all(s == look["dir"] for s in sides), (name, look["sides"])


@pytest.mark.slow
def test_dark_is_dark(tried):
    if not ALL:
        pytest.skip("dark pages take their turn in 'make browser'")
    looks = tried["looks"]
    for language in LANGUAGES:
        assert looks[f"{language} dark"]["scheme"] and not looks[f"{language} light"]["scheme"]


@pytest.mark.slow
def test_keyboard_alone(tried):
    way = tried["keyboard"]
    assert way["before"] == ["choice=in"] and way["arrow"]["what"] == "INPUT choice out" and way["arrow"]["checked"]
    assert all(step["ring"] and float(step["ring"].rstrip("px")) >= 2 for step in way["seen"]), way["seen"]
    assert way["out"]["path"] == "/privacy-choices/saved" and "Your choice is saved." in way["out"]["text"] and STATUS in way["out"]["text"]
    assert way["back"]["path"] == "/privacy-choices" and way["kept"] == ["choice=out", "location=off"]
    assert STATUS in way["page"] and TAG not in way["page"]
    assert "You have allowed sharing." in way["in"]["text"] and TAG in way["page_in"] and STATUS not in way["page_in"]
