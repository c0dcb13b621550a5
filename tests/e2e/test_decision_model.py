"""The decision against a slow model of its own, class by class, over every combination of facts; and its branches.

The model reads signals.md 0 and ADR 0018 sentence by sentence: it asks for each class alone who denies it, where decide.c
works with sets. TACET_MODEL=all takes every combination of the table below (make differential); otherwise each row of
configuration meets a tenth of them, chosen by a fixed seed.
"""

import itertools
import json
import os
import pathlib
import random
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("TACET_BUILD", ROOT / "build"))
DRIVER = BUILD / "tests/differential/decide_many"

AN, AD, PE, SO, FU = 1, 2, 4, 8, 16
SALE = AN | AD | PE | SO
CLASSES = [1 << i for i in range(8)]
ESSENTIAL = 16 | 32 | 64
NONE, OUT, IN = 0, 1, 2
GPC, DNT, CHOICE, CONSENT = 1, 2, 4, 8
SRC = {"none": 0, "gpc": 1, "dnt": 2, "account": 3, "choice": 4, "consent": 5, "region": 6, "route": 7}

# number in the driver: (classes it removes, whether hosts that act for the site stay)
RULES = [(0, False), (SALE, False), (0, False), (SALE, True), (AN | FU, False)]


class Model:
    """One request. Row and facts are dicts of plain values."""

    def __init__(self, rows, laws, law_count, facts):
        self.f = facts
        known = facts["place"] != 2
        self.row = rows[0] if facts["place"] == 0 else rows[1]
        self.region = "unknown" if not known else ("row" if facts["place"] == 0 else "strictest")
        france = law_count > 0 and facts["day"] >= 100
        world = law_count > 1
        if not known:
            self.law = [l for l, there in zip(laws, (france, world)) if there]
        elif facts["place"] == 0 and france:
            self.law = [laws[0]]
        else:
            self.law = [laws[1]] if world else []
        self.rows = rows
        self.known = known

    def honours(self, signal):
        return bool(self.row["honour"] & signal)

    # -- who says what --

    def sticky(self):
        if not self.honours(CHOICE):
            return NONE
        if self.f["account"] == IN and self.f["choice"] == OUT:
            return NONE
        return self.f["choice"]

    def switched_off(self, c):
        return self.sticky() != NONE and bool(self.f["choice_denied"] & c) and not c & ESSENTIAL

    def cmp_refuses(self, c):
        return self.honours(CONSENT) and bool(self.f["denied"] & c) and not c & ESSENTIAL

    def cmp_grants(self, c):
        return self.honours(CONSENT) and bool(self.f["granted"] & c)

    def refusal(self):
        """The first that says no, and whether it is a plain no."""
        f = self.f
        if f["gpc"] and self.honours(GPC) and not (self.row["override"] and self.sticky() == IN):
            return "gpc", True
        if f["dnt"] and self.honours(DNT):
            return "dnt", True
        if f["account"] == OUT:
            return "account", True
        if self.sticky() == OUT or self.switched_off(AD):
            return "choice", True
        if self.honours(CONSENT) and f["out"]:
            return "consent", True
        if self.cmp_refuses(AD):
            return "consent", False
        return None, False

    # -- what needs a grant --

    def law_says(self, group):
        return any(l[group] for l in self.law)

    def needs_grant(self, c):
        if c & ESSENTIAL:
            return False
        by_default = bool(RULES[self.row["initial"]][0] & c)
        by_law = (self.law_says("sale") and bool(c & SALE)) or (self.law_says("measurement") and c == AN)
        return by_default or by_law

    def measurement_needs_grant(self):
        removes, keeps = RULES[self.row["initial"]]
        return self.law_says("measurement") or (bool(removes & AN) and not keeps)

    # -- the whole --

    def rule_set(self, no, yes):
        if no:
            return self.row["opted_out"]
        if not yes:
            return self.row["initial"]
        if self.row["opted_in"]:
            return self.row["opted_in"]
        return 0 if RULES[self.row["initial"]][0] & AD else self.row["initial"]

    def decide(self):
        f = self.f
        residency = self.residency()
        elsewhere = 128 if residency else 0  # of third parties nobody knows where they are
        if f["force"]:
            denied = sum(c for c in CLASSES if not c & ESSENTIAL)
            return (self.row["opted_out"], denied, 1, 0, f["filter"], SRC["route"], self.region, f["switches"] & 1, 0, residency)
        no, plain = self.refusal()
        yes = None
        if not no:
            if f["account"] == IN:
                yes = "account"
            elif self.sticky() == IN:
                yes = "choice"
            elif self.cmp_grants(AD) and all(self.cmp_grants(c) for c in CLASSES if self.needs_grant(c)):
                yes = "consent"

        def granted(c):
            if yes in ("account", "choice"):
                return True
            return not (no and plain) and self.cmp_grants(c)

        def lifted(c):
            """No yes allows more than the rule set of an opt-in does."""
            return granted(c) and not RULES[self.rule_set(None, True)][0] & c

        rules = self.rule_set(no, yes)
        removes, keeps = RULES[rules]
        denied = 0
        for c in CLASSES:
            if c & ESSENTIAL:
                continue
            removed = bool(removes & c) and (bool(yes) or not lifted(c))
            if removed or self.switched_off(c) or self.cmp_refuses(c) or (self.needs_grant(c) and not lifted(c)):
                denied |= c
        denied |= elsewhere
        out = bool(no) or bool(denied & AD)
        src = no or ("region" if out else yes) or "none"
        measured = not (self.switched_off(AN) or self.cmp_refuses(AN))
        if self.measurement_needs_grant() and not granted(AN):
            measured = False
        if removes & AN and not keeps and (yes or not lifted(AN)):
            measured = False
        return (rules, denied, int(out), int(bool(no)), f["filter"], SRC[src], self.region, f["switches"] & 1, int(measured), residency)

    def residency(self):
        if self.sticky() != NONE and self.f["switches"] & 2 and not self.f["force"]:
            return 0
        if not self.known:
            return 2 if any(r["residency"] for r in self.rows) else 0
        return 1 if self.row["residency"] else 0


ROW_KEYS = ("honour", "override", "initial", "opted_out", "opted_in", "residency")
FACT_KEYS = ("gpc", "dnt", "choice", "choice_denied", "switches", "account", "denied", "granted", "out", "place", "day", "force", "filter")

# honour, override, default, opted_out, opted_in, residency
ROWS = [
    (15, 0, 1, 1, 0, 0), (15, 0, 2, 1, 0, 1), (15, 1, 3, 3, 2, 0), (7, 0, 4, 2, 0, 0), (7, 1, 1, 1, 2, 1), (8, 0, 2, 3, 4, 0),
    (0, 0, 1, 1, 3, 0), (0, 1, 2, 1, 0, 0), (11, 0, 3, 1, 0, 0), (13, 0, 4, 4, 1, 1), (14, 1, 1, 3, 0, 0), (3, 0, 2, 1, 4, 0),
]
STRICTEST = [(15, 0, 1, 1, 0, 0), (7, 1, 3, 3, 1, 1), (8, 0, 4, 1, 2, 0)]
LAWS = [(0, 0, 0, 0, 0), (1, 1, 0, 0, 1), (1, 0, 1, 1, 2), (0, 1, 1, 0, 2), (0, 0, 0, 1, 2)]
FACTS = list(itertools.product(
    (0, 1), (0, 1), (NONE, OUT, IN), (0, AD, AN | FU), (0, 3), (NONE, OUT, IN),
    (0, AD, AN | FU), (0, AN, AD | PE | SO, SALE), (0, 1), (0, 1, 2), (99, 100), (0, 1), (0, 1)))


def combinations():
    """Each row of configuration with the facts that this run takes."""
    everything = os.environ.get("TACET_MODEL") == "all"
    rng = random.Random(1)
    configs = list(itertools.product(ROWS, STRICTEST, LAWS))
    for config in configs:
        facts = FACTS if everything else rng.sample(FACTS, len(FACTS) // 60)
        for f in facts:
            yield config, f


def line_of(config, f):
    row, strictest, law = config
    return " ".join(map(str, row + strictest + law + f))


def model_of(config, f):
    row, strictest, law = config
    rows = [dict(zip(ROW_KEYS, row)), dict(zip(ROW_KEYS, strictest))]
    laws = [{"sale": law[0], "measurement": law[1]}, {"sale": law[2], "measurement": law[3]}]
    return Model(rows, laws, law[4], dict(zip(FACT_KEYS, f))).decide()


def run(cases, env=None):
    text = "\n".join(line_of(*c) for c in cases) + "\n"
    done = subprocess.run([DRIVER], input=text, capture_output=True, text=True, check=True, env=env)
    return done.stdout.splitlines()


def test_every_decision_is_the_models():
    asked = 0
    cases = combinations()
    while batch := list(itertools.islice(cases, 50000)):
        answers = run(batch)
        assert len(answers) == len(batch)
        asked += len(batch)
        for case, answer in zip(batch, answers):
            expected = " ".join(map(str, model_of(*case)))
            assert answer == expected, dict(zip(FACT_KEYS, case[1]), config=case[0])
    assert asked > 100000


def test_a_stricter_fact_never_allows_more():
    """Whatever is said besides, a signal, a refusal or an unknown place takes nothing away from what is denied."""
    rng = random.Random(2)
    configs = list(itertools.product(ROWS, STRICTEST, LAWS))
    cases = [(rng.choice(configs), rng.choice(FACTS)) for _ in range(20000)]
    stricter = {"gpc": 1, "dnt": 1, "out": 1, "force": 1}
    plain = [(c, f) for c, f in cases if c[0][3] in (1, 3) and c[1][3] in (1, 3)]  # a no removes what default removes
    before = run(plain)
    for key, value in stricter.items():
        i = FACT_KEYS.index(key)
        after = run([(c, f[:i] + (value,) + f[i + 1:]) for c, f in plain])
        for case, a, b in zip(plain, before, after):
            assert int(a.split()[1]) & ~int(b.split()[1]) == 0, (key, case)


def test_every_branch_of_the_decision_was_taken(tmp_path):
    """gcov over the run of the model: a branch that no combination takes is one that nothing tests."""
    if shutil.which("gcov") is None or shutil.which("gcc") is None:
        pytest.skip("no gcov here")
    driver = tmp_path / "decide_many"
    libs = [BUILD / "libtacet.a", BUILD / "libfilters.a"]
    flags = subprocess.run(["pkg-config", "--libs", "libuv", "libcares", "openssl", "yaml-0.1", "libmaxminddb", "libpsl",
                            "libpcre2-8", "zlib", "libdeflate", "libbrotlienc", "libbrotlidec", "libzstd"],
                           capture_output=True, text=True, check=True).stdout.split()
    if subprocess.run(["nm", BUILD / "libtacet.a"], capture_output=True, text=True).stdout.count("__asan_"):
        pytest.skip("a sanitized build is not measured")
    subprocess.run(["gcc", "-std=c11", "-O0", "-DNDEBUG", "-D_GNU_SOURCE", "--coverage", "-I", ROOT / "include", "-I", ROOT / "proxy",
                    "-I", ROOT, "-o", driver, ROOT / "tests/differential/decide_many.c", "-Wl,--start-group", *libs,
                    "-Wl,--end-group", *flags, "-lm", "-lpthread"], check=True, cwd=tmp_path)
    rng = random.Random(3)
    configs = list(itertools.product(ROWS, STRICTEST, LAWS))
    text = "\n".join(line_of(rng.choice(configs), rng.choice(FACTS)) for _ in range(100000)) + "\n"
    subprocess.run([driver], input=text, stdout=subprocess.DEVNULL, text=True, check=True, cwd=tmp_path)
    report = subprocess.run(["gcov", "--json-format", "--stdout", "-b", next(tmp_path.glob("*.gcda"))],
                            capture_output=True, text=True, check=True, cwd=tmp_path).stdout
    data = json.loads(report)
    files = [f for f in data["files"] if f["file"].endswith("core/decide.c")]
    assert len(files) == 1
    # The signals are read from fields, and no model calls them: tests/unit/test_decide.c does.
    signals = {"any_item", "gpc_set", "dnt_set", "signal_gpc", "signal_dnt", "signal_account"}
    branches = missed = 0
    for line in files[0]["lines"]:
        if line.get("function_name") in signals:
            continue
        for branch in line["branches"]:
            branches += 1
            if branch["count"] == 0:
                missed += 1
                print(f"{files[0]['file']}:{line['line_number']}: a branch was never taken")
    assert branches > 60
    assert missed == 0
