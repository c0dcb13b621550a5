"""`tacet check --html`: a page's links to opt-out tools of the industry, and the one that it has to have."""
import json
import subprocess

import pytest

from harness import tacet_path

LINK = "<a href=/privacy-choices>Your privacy choices</a>"
CONF = """version: 1
sites: [{hosts: [www.example.test], origin: {url: "http://127.0.0.1:9"}, choices: {path: /say-no, link: %s}}]
rule_sets: {light: {}}
regions: [{name: rest, where: ["*"], default: light, opted_out: light}]
"""


def run(tmp_path, *pages, args=()):
    for i, page in enumerate(pages):
        (tmp_path / f"{i}.html").write_text(page)
    done = subprocess.run([tacet_path(), "check", "--html", *[tmp_path / f"{i}.html" for i in range(len(pages))], *args],
                          capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("link", [
    '<a href="https://optout.networkadvertising.org/?c=1">', "<a href='http://www.aboutads.info/choices/'>", "<A HREF=//optout.aboutads.info>",
    '<area href="https://www.youronlinechoices.com/uk/your-ad-choices">', '<a\nclass=x href = "https:&#47;&#x2f;youradchoices.ca/" >',
    '<a href=" https:\\\\WWW.YourOnlineChoices.EU\\">', '<a href="https://user@optout.aboutads.info:443/?a&amp;b">', "<svg><a href=https://thenai.org></svg>",
    '<script>var x="<b>";</script><a title=">" href="https://optout.aboutads.info">'])
def test_tools_of_the_industry(tmp_path, link):
    code, out, err = run(tmp_path, f"<!doctype html>\n<p>{LINK}\n  {link}here</a>")
    assert code == 1 and err.count("error: the link leads to an opt-out tool of the advertising industry") == 1, err
    assert "0.html:3:" in err or "0.html:4:" in err
    assert out.endswith("0.html: 1 error, 0 warnings\n")


@pytest.mark.parametrize("text", [
    "<a href=https://www.example.test/networkadvertising.org>", "<a href=https://notaboutads.info>", "<!-- <a href=https://optout.aboutads.info> -->",
    "<script>s='<a href=https://optout.aboutads.info>'</script>", "<p>optout.aboutads.info", "<img src=https://aboutads.info.example/>",
    "<textarea><a href=https://optout.aboutads.info></textarea>", "<a href='https://aboutads.info@example.test/'>", "<a", "<a href", "<a href=", "<a href='", "<!--"])
def test_what_is_none(tmp_path, text):
    code, out, err = run(tmp_path, LINK + text)
    assert code == 0 and err == "" and out.endswith("0.html: ok\n")


@pytest.mark.parametrize("page, good", [
    ("<p>words", False), ("<a href=/privacy>x</a>", False), ("<a href=/privacy-choices-of-others>x</a>", False), ("<!-- tacet:choices -->", True),
    ("<a href='/privacy-choices?from=footer#top'>x</a>", True), ("<span data-tacet=choices></span>", True), ("<a href='https://www.example.test/privacy-choices'>", True),
    ("<!-- <a href=/privacy-choices> -->", False), ("<link href=/privacy-choices>", False)])
def test_the_link(tmp_path, page, good):
    code, _, err = run(tmp_path, page)
    assert (code == 0) == good and ("0.html: error: no link leads to the choices page" in err) != good


def test_the_configuration_says_where(tmp_path):
    conf = tmp_path / "t.yaml"
    conf.write_text(CONF % "none")
    good, bad, elsewhere = "<a href=/say-no>x</a>", "<a href=/privacy-choices>x</a>", "<a href=https://other.example/say-no>x</a>"
    code, out, err = run(tmp_path, good, bad, elsewhere, args=("-c", conf))
    assert code == 1 and err.count("no link leads") == 2 and "0.html: ok" in out and "1.html: 1 error" in out and "2.html: 1 error" in out
    conf.write_text(CONF % "auto")
    assert run(tmp_path, bad, args=("-c", conf))[0] == 0  # it is put in
    conf.write_text("version: 1\nsite: []\n")
    assert run(tmp_path, good, args=("-c", conf))[0] == 78


def test_for_programs(tmp_path):
    code, out, err = run(tmp_path, "<p>x", "<a href=https://optout.aboutads.info>" + LINK, args=("--format", "json"))
    said = json.loads(out)
    assert code == 1 and err == "" and not said["ok"]
    assert [(m["code"], m["line"]) for m in said["messages"]] == [("no-choices-link", 0), ("industry-opt-out", 1)]


def test_usage(tmp_path):
    assert run(tmp_path)[0] == 2
    done = subprocess.run([tacet_path(), "check", "--html", tmp_path / "absent.html", tmp_path], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "absent.html: error: No such file" in done.stderr and done.stderr.count("error: ") == 2
