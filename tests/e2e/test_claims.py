"""`tacet claims`: says of a configuration what is so, what is proved and what is not; in three forms, none of which can be broken into."""
import html.parser
import pathlib
import re
import subprocess

import pytest

from harness import tacet_path

ROOT = pathlib.Path(__file__).resolve().parents[2]
POLICIES = sorted((ROOT / "conf/policies").glob("*.yaml"))
EVIL = "</q><script>alert(1)</script>\u202e\u0085*x* _y_ `z` [a](b) &lt; \\\" | # <b"
NAMES = ["gpc_everywhere", "dnt_honoured", "no_sale", "no_third_party_before_consent", "sticky_opt_out", "choices_page", "minors_off", "city_only",
         "no_client_ip_to_origin", "third_party_minimised", "cookies_inventoried", "email_pixels_anonymous", "residency", "aggregate_metrics_only",
         "retention", "https_only"]
ALL = """version: 1
listen: [{address: "127.0.0.1:0", redirect: https}]
stats: {keep: 12 months, window: week, privacy: {k: 20, delta: 1e-7, preset: strict}}
sites:
  - hosts: [www.example.com, example.com]
    origin: {url: "http://127.0.0.1:9"}
    forward: {client_ip: %(ip)s, geo: [country]}
    choices: {link: auto, notice_on_change: true}
    dnt: {status: true}
    keep_cookies: [sid]
    response: {set: {Strict-Transport-Security: max-age=31536000}}
    routes:
      - {name: kids, match: /kids/*, force: opt-out}
      - {name: open, match: /o.gif, type: open}
      - {name: click, match: /c, type: click}
      - {name: pages, match: /*}
rule_sets:
  closed: {cookies: {request: keep-listed, response: keep-listed}, query: {strip: [click-ids]}, embeds: click-to-load,
    scripts: {remove: [analytics, advertising, personalisation, social, unknown]}, referrer: origin, contain: enforce, status: "Honored"}
regions: [{name: rest, where: ["*"], honour: [gpc, dnt, choice, consent], default: closed, opted_out: closed, opted_in: closed, residency: [],
  link_text: "Choices"}]
promises:
  policy: {name: mine, version: 7, page: /our-policy}
  keep:
    - gpc_everywhere: {says: "%(says)s"}
    - dnt_honoured: {tk: true}
    - no_sale: {}
    - no_third_party_before_consent: {regions: [EU, GB]}
    - sticky_opt_out: {account_bridge: true}
    - choices_page: {link: Choices, languages: [en, de]}
    - minors_off: {routes: [/kids/*]}
    - city_only: {level: country}
    - no_client_ip_to_origin: {}
    - third_party_minimised: {hosts: []}
    - cookies_inventoried: {keep: [sid]}
    - email_pixels_anonymous: {open: [/o.gif], click: [/c]}
    - residency: {region: CN, hosts: [], unless: export}
    - aggregate_metrics_only: {k: 20, epsilon: 1}
    - retention: {max: 12 months}
    - https_only: {}
  not_covered:
    - {says: "we delete on request", why: "%(why)s"}
"""


def claims(path, *args):
    ran = subprocess.run([tacet_path(), "claims", "-c", str(path), *args], capture_output=True, text=True, timeout=60)
    return ran.returncode, ran.stdout, ran.stderr


def write(tmp_path, ip="none", says="a quote", why="a reason", **changes):
    path = tmp_path / "t.yaml"
    text = ALL % dict(ip=ip, says=says, why=why)
    for old, new in changes.values():
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)
    return path


class Strict(html.parser.HTMLParser):
    """Every element is closed in order, none is unknown, none loads anything."""
    KNOWN = {"html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "p", "ul", "li", "strong", "span", "q"}

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.words, self.bad = [], [], []
        self.feed(text)
        self.close()
        assert self.open == [] and self.bad == []
        self.text = re.sub(r"\s+", " ", "".join(self.words))

    def handle_starttag(self, tag, attrs):
        if tag not in self.KNOWN or any(a in ("src", "href", "srcset", "action") or a.startswith("on") for a, _ in attrs):
            self.bad.append((tag, attrs))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.bad.append(("/", tag))

    def handle_data(self, data):
        self.words.append(data)


def flat(text):
    return re.sub(r"\s+", " ", text)


@pytest.mark.parametrize("policy", POLICIES, ids=lambda p: p.stem)
@pytest.mark.parametrize("format", ["text", "md", "html"])
def test_each_profile(policy, format):
    code, out, err = claims(policy, "--format", format)
    assert code == 0 and err == ""
    said = Strict(out).text if format == "html" else flat(out.replace("\\", ""))
    source = policy.read_text()
    keep = source[source.index("  keep:"):source.index("  not_covered:")]
    mark = {"text": r"\n  (\w+) +proved\n", "md": r"\n- \*\*([\w\\]+)\*\*: proved\n", "html": r'<strong>(\w+)</strong> <span class="good">proved</span>'}[format]
    assert [name.replace("\\", "") for name in re.findall(mark, out)] == re.findall(r"\n    - (\w+):", keep)
    for quote in re.findall(r'says: "([^"]*)"', source):
        assert quote in said, quote
    for why in re.findall(r'why: "([^"]*)"', source):
        assert why in said
    assert "BROKEN" not in said and "stands in for them" in said and "Not claimed:" in said


def test_each_promise_has_its_sentence(tmp_path):
    code, out, _ = claims(write(tmp_path))
    assert code == 0
    blocks = dict(re.findall(r"\n  (\w+) +proved\n(.*?)(?=\n\n|\Z)", out, re.S))
    assert list(blocks) == NAMES
    sentences = [flat(re.sub(r'^ +"[^"]*"\n', "", b)).strip().split(". ")[0] for b in blocks.values()]
    assert len(set(sentences)) == 16 and all(len(s) > 40 for s in sentences)
    said = flat(out)
    for words in ("Places: EU, GB.", "Tk: every answer", "account carries it", "Link: Choices.", "Languages: en, de.", "Pages: /kids/*.", "Finest: country.",
                  "Third parties: none.", "Cookies: sid.", "Opened: /o.gif. Clicked: /c. Links may lead to: this site alone.", "Places: CN.",
                  "before they have agreed to the export", "k: 20. Epsilon: 1 a visitor and day.", "At most: 12 months.", "Policy: mine, version 7, at /our-policy."):
        assert words in said, words


def test_nothing_is_claimed_that_is_not_there(tmp_path):
    """Numbers are configured, and none are released yet: said so beside the numbers of this configuration."""
    said = flat(claims(write(tmp_path))[1])
    third = said[said.index("3. Not in force"):said.index("Not claimed:")]
    assert third.startswith("3. Not in force in this version. No numbers about visitors are released yet.")
    assert "k = 20" in third and "delta = 1e-7" in third and "epsilon = 1.0 (preset strict)" in third and "of a week" in third and "12 months" in third
    assert "2. Not in force in this version." in said and "1. In force." in said
    assert said.count("not in force in this version") == 3  # inventory, numbers twice
    assert "None: the configuration includes no region pack." in said


@pytest.mark.parametrize("ip, words", [("none", "is told no address"), ("prefix", "is told the first part"), ("full", "is told the whole address")])
def test_what_the_origin_is_told(tmp_path, ip, words):
    code, out, _ = claims(write(tmp_path, ip=ip, promise=("    - no_client_ip_to_origin: {}\n", "")))
    assert code == 0 and f"The origin {words}" in out and "The origin is told a visitor's country." in out
    code, out, _ = claims(write(tmp_path, ip=ip))
    assert (code == 0) == (ip == "none") and ("no_client_ip_to_origin          BROKEN" in out) == (ip != "none")


@pytest.mark.parametrize("format", ["text", "md", "html"])
def test_a_broken_promise_is_marked(tmp_path, format):
    path = write(tmp_path, rules=("social, unknown]", "unknown]"))
    code, out, err = claims(path, "--format", format)
    said = Strict(out).text if format == "html" else flat(out.replace("\\", ""))
    assert code == 1 and "NOT ALL OF IT IS TRUE" in said and "BROKEN: not true of this configuration" in said
    assert "What breaks it: class social is not denied. For example: site=www.example.com" in said and "Because: " in said
    assert "aggregate_metrics_only" in said and "proved" in said
    code, out, _ = claims(path, "--format", "text")
    checked = subprocess.run([tacet_path(), "check", "--offline", "-c", path], capture_output=True, text=True, timeout=60)
    broken = re.findall(r"promise (\w+) is broken", checked.stderr)
    assert re.findall(r"\n  (\w+) +BROKEN", out) == broken and len(broken) >= 3


@pytest.mark.parametrize("format", ["text", "md", "html"])
def test_texts_are_escaped(tmp_path, format):
    yaml = EVIL.replace("\\", "\\\\").replace('\\\\"', '\\"').replace("\u202e", "\\u202e").replace("\u0085", "\\x85")
    code, out, err = claims(write(tmp_path, says=yaml, why=yaml), "--format", format)
    assert code == 0 and err == "" and "\u202e" not in out and "\u0085" not in out
    if format == "html":
        said = Strict(out).text
        assert said.count("</q><script>alert(1)</script>") == 2 and "<script" not in out
    if format == "md":
        assert "<" not in re.sub(r"\\.", "", out) and out.count("\\<script\\>") == 2 and "\\[a\\](b)" in out


def test_law(tmp_path):
    path = write(tmp_path)
    path.write_text(path.read_text().replace("version: 1\n", "version: 1\ninclude: [regions/europe.yaml, regions/us.yaml]\n", 1))
    code, out, _ = claims(path, "--at", "2026-11-21")
    law = out[out.index("Law taken into account"):]
    assert code == 0 and "in force on 2026-11-21" in flat(law) and "not legal advice" in law
    rows = dict(re.findall(r"\n  ([\w-]+) +(primary|secondary|unverified)\n", law))
    assert {"eu", "us-ca", "gb-2026"} <= set(rows) and "us-la" not in rows and "unverified" in rows.values() and "secondary" in rows.values()
    assert re.search(r"status_display from 2026-01-01 \(secondary: .*?Nelson Mullins", flat(law))
    assert "us-la " in claims(path, "--at", "2027-01-01")[1]
    marks = re.findall(r'<strong>([\w-]+)</strong> <span class="(good|bad)">(primary|secondary|unverified)</span>', claims(path, "--format", "html")[1])
    assert marks and all((c == "bad") == (m == "unverified") for _, c, m in marks)


def test_exit_codes(tmp_path):
    assert claims(tmp_path / "absent.yaml")[0] == 78
    path = write(tmp_path)
    path.write_text(path.read_text() + "\nnonsense: 1\n")
    code, out, err = claims(path)
    assert code == 78 and out == "" and "nonsense" in err
    for args in (["-c", path, "--format", "pdf"], [], ["-c", path, "--at", "soon"], ["-c", path, "more"]):
        assert subprocess.run([tacet_path(), "claims", *args], capture_output=True, timeout=60).returncode == 2


def test_nothing_promised(tmp_path):
    path = tmp_path / "t.yaml"
    path.write_text('version: 1\nsites: [{hosts: ["*"], origin: {url: "http://127.0.0.1:9"}}]\n')
    code, out, _ = claims(path)
    assert code == 0 and "Nothing is promised." in out and "proved" not in out.split("Nothing is promised.")[1].split("Law taken")[0].replace("proves", "")
