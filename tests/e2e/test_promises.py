"""Promises: what `tacet check` proves, how it says what breaks one, and that nothing starts or reloads with a broken one.

Each row of PROMISES is a configuration that keeps a promise, and one change that breaks it with the words of the witness.
"""
import json
import pathlib
import re
import resource
import subprocess

import pytest

from harness import Origin, answer, get, tacet_path, total, wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
POLICIES = sorted((ROOT / "conf/policies").glob("*.yaml"))
TEXTS = ROOT.parent / "shared/policies"

CLOSED = """{cookies: {request: keep-listed, response: keep-listed}, query: {strip: [click-ids]}, embeds: click-to-load,
    scripts: {remove: [analytics, advertising, personalisation, social, unknown]}, referrer: origin, contain: enforce, status: "Honored"}"""

BASE = """version: 1
listen: [{address: "127.0.0.1:0", %(listen)s}]
stats: {keep: 12 months, privacy: {k: 20}}
sites:
  - hosts: [www.example.com]
    origin: {url: "%(origin)s"}
    forward: {client_ip: none, geo: [country]}
    choices: {link: auto, languages: [en, de]%(notice)s}
    dnt: {status: %(tk)s}
    keep_cookies: [sid]
    allow: [%(allow)s]
    response: {set: {Strict-Transport-Security: max-age=31536000}}
    routes:
      - {name: kids, match: /kids/*, %(kids)s}
      - {name: open, match: /o.gif, type: open}
      - {name: click, match: /c, type: click, click: {targets: [shop.example.net]}}
      - {name: pages, match: /*}
rule_sets:
  closed: %(closed)s
  light: {referrer: origin}
regions:
  - {name: eu, where: [EU], honour: [%(honour)s], default: closed, opted_out: closed, opted_in: closed, link_text: "Choices"}
  - {name: rest, where: ["*"], honour: [%(honour)s], default: %(default)s, opted_out: %(opted_out)s, opted_in: %(opted_in)s,
     gpc_override: %(override)s, link_text: "Choices"}
promises:
  keep:
    - %(promise)s
"""

KEPT = dict(listen="redirect: https", origin="http://127.0.0.1:9", allow="", kids="force: opt-out", closed=CLOSED, honour="gpc, dnt, choice",
            default="closed", opted_out="closed", opted_in="closed", override="never", notice=", notice_on_change: true", tk="true")

# promise, what breaks it, what the message has to say
PROMISES = [
    ("gpc_everywhere: {}", dict(override="explicit-opt-in"), "an earlier yes beats a live GPC"),
    ("gpc_everywhere: {}", dict(honour="dnt, choice"), "the signal is not heard"),
    ("gpc_everywhere: {}", dict(opted_out="light", default="light"), "no second CSP holds it"),
    ("gpc_everywhere: {}", dict(closed=CLOSED.replace("contain: enforce", "contain: none")), "no second CSP holds it"),
    ("gpc_everywhere: {}", dict(closed=CLOSED.replace('status: "Honored"', "embeds: remove").replace("embeds: click-to-load,", "")),
     "does not say that the opt-out was honoured"),
    ("gpc_everywhere: {}", dict(closed=CLOSED.replace("response: keep-listed", "response: pass")), "Set-Cookie "),
    ("gpc_everywhere: {}", dict(closed=CLOSED.replace("request: keep-listed", "request: pass")), "item      cookie "),
    ("gpc_everywhere: {classes: [social]}", dict(closed=CLOSED.replace(", social, unknown", "")), "class social is not denied"),
    ("dnt_honoured: {}", dict(honour="gpc, choice"), "the signal is not heard"),
    ("dnt_honoured: {tk: true}", dict(tk="false"), "dnt.status is not true"),
    ("choices_page: {link: Choices, notice_on_change: true}", dict(notice=""), "choices.notice_on_change is not true"),
    ("no_sale: {}", dict(default="light"), "signal=none"),
    ("no_sale: {}", dict(opted_in="light"), "signal=sticky-in"),
    ("no_sale: {}", dict(allow="googletagmanager.com"), "allow lets it through on this site"),
    ("no_sale: {unless: consent}", dict(default="light"), "signal=none"),
    ("no_third_party_before_consent: {regions: all}", dict(default="light"), "passes"),
    ("no_third_party_before_consent: {regions: [EU]}", dict(closed=CLOSED.replace(", unknown", "")), "class unknown: passes"),
    ("no_third_party_before_consent: {regions: [EU]}", dict(closed=CLOSED.replace("click-to-load", "keep").replace(", unknown", "")),
     "class unknown: passes"),
    ("no_third_party_before_consent: {regions: [EU]}", dict(allow="cdn.example.net"), "host cdn.example.net passes"),
    ("no_third_party_before_consent: {regions: [EU]}", dict(closed=CLOSED.replace("keep-listed", "drop-listed")), "zz_unlisted"),
    ("sticky_opt_out: {}", dict(honour="gpc, dnt", default="light"), "what a visitor said before is not remembered"),
    ("minors_off: {routes: [/kids/*]}", dict(kids="filter: auto"), "/kids/* is no route with force: opt-out"),
    ("third_party_minimised: {hosts: []}", dict(default="light"), "passes"),
    ("third_party_minimised: {hosts: [a.example]}", dict(allow="b.example"), "b.example passes but is not in hosts"),
    ("cookies_inventoried: {keep: [sid]}", dict(closed=CLOSED.replace("keep-listed", "drop-listed")), "zz_unlisted"),
    ("https_only: {}", dict(listen="proxy_protocol: []"), "serves without TLS"),
    ("https_only: {}", dict(origin="http://10.0.0.5"), "the origin http://10.0.0.5 is asked in clear"),
    ("https_only: {}", dict(origin="http://127.internal.example"), "the origin http://127.internal.example is asked in clear"),
    ("https_only: {}", dict(origin='https://10.0.0.5", tls: {verify: false}, host: "keep'), "is asked without verifying it"),
]

# promise that the base keeps, and one that it breaks by its parameters alone
PARAMETERS = [
    ("choices_page: {link: Choices}", "choices_page: {link: Do not sell}", 'the link does not say "Do not sell" to visitors of eu'),
    ("sticky_opt_out: {days: 395}", "sticky_opt_out: {days: 400}", "lives 395 days, not 400"),
    ("choices_page: {languages: [en]}", "choices_page: {languages: [fr]}", "the page is not there in fr"),
    ("minors_off: {routes: [/kids/*]}", "minors_off: {routes: [/teens/*]}", "/teens/* is no route"),
    ("minors_off: {routes: [kids]}", "minors_off: {routes: [pages]}", "pages is no route"),
    ("city_only: {level: country}", None, None),
    ("no_client_ip_to_origin: {}", None, None),
    ("cookies_inventoried: {keep: [sid]}", "cookies_inventoried: {keep: [cart]}", "cookie cart is in keep"),
    ("email_pixels_anonymous: {open: [open], click: [click], targets: [shop.example.net]}",
     "email_pixels_anonymous: {open: [open], click: [click], targets: [other.example.net]}", "may lead to shop.example.net"),
    ("email_pixels_anonymous: {open: [/o.gif], targets: [example.net]}",
     "email_pixels_anonymous: {open: [/pixel.gif], targets: [example.net]}", "is no route of this type"),
    ("aggregate_metrics_only: {k: 20}", "aggregate_metrics_only: {k: 30}", "stats.privacy.k: 20 < 30"),
    ("retention: {max: 12 months}", "retention: {max: 6 months}", "keep 12 months > 6 months"),
    ("residency: {region: CN, hosts: [], unless: export}", None, None),
    ("https_only: {}", "https_only: {hsts: 2 years}", "Strict-Transport-Security: 31536000 s <"),
]


def write(tmp_path, promise, **changes):
    path = tmp_path / "t.yaml"
    path.write_text(BASE % dict(KEPT, promise=promise, **changes))
    return path


def check(path, *args):
    done = subprocess.run([tacet_path(), "check", "--offline", *args, path], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("promise, change, words", PROMISES)
def test_a_broken_promise_has_a_witness(tmp_path, promise, change, words):
    code, out = check(write(tmp_path, promise))
    assert code == 0, out
    code, out = check(write(tmp_path, promise, **change))
    name = promise.split(":")[0]
    assert code == 1, out
    assert f"error: promise {name} is broken" in out and words in out
    assert re.search(r"t\.yaml:\d+:\d+: error", out)


@pytest.mark.parametrize("kept, broken, words", [row for row in PARAMETERS if row[1]])
def test_parameters_count(tmp_path, kept, broken, words):
    assert check(write(tmp_path, kept))[0] == 0
    code, out = check(write(tmp_path, broken))
    assert code == 1 and words in out, out


@pytest.mark.parametrize("what, promise", [
    ("forward: {client_ip: none, geo: [country, city]}", "city_only: {level: country}"),
    ("forward: {client_ip: full, geo: [country]}", "no_client_ip_to_origin: {form: prefix}"),
    ("forward: {client_ip: prefix, geo: [country]}", "no_client_ip_to_origin: {}"),
])
def test_what_the_origin_is_told(tmp_path, what, promise):
    assert check(write(tmp_path, promise))[0] == 0
    path = write(tmp_path, promise)
    path.write_text(path.read_text().replace("forward: {client_ip: none, geo: [country]}", what))
    code, out = check(path)
    assert code == 1 and "forward." in out, out


def test_the_witness_names_the_rule_and_both_sentences(tmp_path):
    """The contradiction of a published policy: an allow rule with one sentence against a promise with the other."""
    path = tmp_path / "site.yaml"
    path.write_text(f"""version: 1
include: {ROOT}/conf/policies/cloudwalk.yaml
sites:
  - hosts: [www.example.com]
    origin: {{url: "http://127.0.0.1:9"}}
    choices: {{link: auto, notice_on_change: true}}
    keep_cookies: [login, csrf]
    allow: [googletagmanager.com]
    says: "third-party vendors to deliver targeted advertising to You"
    routes: [{{name: kids, match: /kids/*, force: opt-out}}]
""")
    code, out = check(path)
    assert code == 1
    block = out[out.index("promise no_sale is broken"):]
    assert '   promised  "neither rent nor sell your Information in personally identifiable form"' in block
    assert re.search(r"   witness   site=www\.example\.com route=\w+ region=\S+ place=\S+ signal=\S+ date=\d{4}-\d\d-\d\d", block)
    assert "   item      script https://googletagmanager.com/gtm.js, class advertising: passes" in block
    assert re.search(r'   because   \S*site\.yaml:8:13 allow lets it through on this site   says "third-party vendors to deliver', block)
    code, out = check(path, "--format", "json")
    found = [m for m in json.loads(out)["messages"] if m["path"] == "promises.keep.no_sale"]
    assert code == 1 and len(found) == 1 and found[0]["code"] == "promise-broken"
    assert {"promised", "witness", "item", "because", "hint"} <= set(found[0])


def test_the_same_words_each_time(tmp_path):
    path = write(tmp_path, "no_sale: {}", default="light", opted_in="light")
    assert check(path) == check(path)


@pytest.mark.parametrize("policy", POLICIES, ids=lambda p: p.stem)
def test_profiles_are_kept(policy):
    code, out = check(policy)
    assert code == 0 and "is broken" not in out, out


@pytest.mark.parametrize("policy", POLICIES, ids=lambda p: p.stem)
def test_profiles_quote_the_policy(policy):
    """Every `says` stands in the text that was published."""
    if not TEXTS.exists():
        pytest.skip("the texts of the policies (../shared/policies) are absent")
    names = {"zoom": "servicego-zoom", "servicego": "servicego-zoom"}

    def plain(text):
        for a, b in ("“”", '""'), ("‘’", "''"):
            text = text.translate({ord(a[0]): b[0], ord(a[1]): b[1]})
        return re.sub(r"\s+", " ", text).lower()

    text = plain((TEXTS / f"{names.get(policy.stem, policy.stem)}.txt").read_text())
    quotes = re.findall(r'says: "([^"]*)"', policy.read_text())
    assert len(quotes) >= 8
    assert [q for q in quotes if plain(q) not in text] == []


def test_nothing_starts_with_a_broken_promise(tmp_path):
    path = write(tmp_path, "no_sale: {}", default="light", listen="proxy_protocol: []")
    done = subprocess.run([tacet_path(), "run", "-c", path], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "promise no_sale is broken" in done.stderr and "ready" not in done.stdout


def test_a_reload_that_breaks_one_is_refused(start, tmp_path):
    origin = Origin()
    origin.on("/", answer(b"<p>fine"))
    path = write(tmp_path, "no_sale: {}", listen="proxy_protocol: []", origin=origin.url)
    proxy = start("-c", path)
    assert get(proxy.port, host="www.example.com").status == 200
    path.write_text(path.read_text().replace("default: closed", "default: light"))
    proxy.reload()
    wait_until(lambda: total(proxy.metrics(), "tacet_config_reload_success") == 0, "the refusal to be seen")
    wait_until(lambda: "promise no_sale is broken" in proxy.stderr() + "\n".join(proxy.lines), "the reason to be said")
    assert get(proxy.port, host="www.example.com").status == 200
    origin.close()


def test_the_proof_takes_less_than_a_second(tmp_path):
    """Of the processor, for all sixteen over a configuration of three sites."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    code, _ = check(POLICIES[0])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert code == 0
    assert after.ru_utime - before.ru_utime < 20  # a bound against a product that explodes, not a measurement


def test_a_forced_route_tells_no_other_site(start, tmp_path):
    """Minors and sensitive pages (signals.md D9): whatever the signal, and whatever the site says itself."""
    origin = Origin()
    origin.on("/kids/a", answer(b"<p>fine", fields=[("Referrer-Policy", "unsafe-url")]))
    origin.on("/", answer(b"<p>fine"))
    proxy = start("-c", write(tmp_path, "no_sale: {}", listen="proxy_protocol: []", origin=origin.url))
    assert get(proxy.port, "/kids/a", host="www.example.com").all("Referrer-Policy") == ["no-referrer"]
    assert get(proxy.port, "/", host="www.example.com").get("Referrer-Policy") != "no-referrer"
    origin.close()
