#!/usr/bin/env python3
"""Runs all suites of one build and says what came of them: the end of `make test`.

Prints a line per program, what failed in full, a table per suite, each reason for skipping, and closes with
`N passed, N failed, N skipped`. Exits 1 if anything failed or nothing ran.
"""
import argparse
import collections
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SUITES = ["unit", "split", "replay", "lint", "e2e", "reliability", "node", "browser"]
TIMEOUT = {"unit": 120, "split": 300, "replay": 300, "lint": 120, "e2e": 900, "reliability": 300, "node": 300, "browser": 9000}


class Result:
    """What one suite did. A failure is (name, text); a skip is (name, reason)."""

    def __init__(self):
        self.passed, self.failed, self.skipped, self.seconds = 0, [], [], 0.0


def run(argv, timeout, env=None):
    """(exit status, output); a status of None means it did not end in time."""
    proc = subprocess.Popen(argv, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, start_new_session=True)
    try:
        out, _ = proc.communicate(timeout=timeout)
        return proc.returncode, out.decode(errors="replace")
    except subprocess.TimeoutExpired:
        os.killpg(proc.pid, signal.SIGKILL)
        out, _ = proc.communicate()
        return None, out.decode(errors="replace") + f"\n(not done after {timeout} s)\n"


def say(text):
    print(text, flush=True)


# ---- programs: cmocka, replay, scripts ------------------------------------------------------------

def read_cmocka(out):
    """Counts from cmocka's standard output; None if it is not there."""
    ran = re.search(r"^\[=+\] .*?(\d+) test\(s\) run\.", out, re.M)
    if not ran:
        return None
    passed = sum(int(n) for n in re.findall(r"^\[  PASSED  \] (\d+) test\(s\)", out, re.M))
    failed = sorted(set(re.findall(r"^\[  FAILED  \] (?!.*test\(s\))(?:.*: )?(\S+)$", out, re.M)))
    skipped = sorted(set(re.findall(r"^\[  SKIPPED \] (?!.*test\(s\))(\S+)$", out, re.M)))
    return passed, failed, skipped


def reason_of(out, name):
    """A test that skips prints `skip: reason` before it does."""
    before = out.split(f"[  SKIPPED ] {name}")[0]
    reasons = re.findall(r"^skip: (.*)$", before, re.M)
    return reasons[-1] if reasons else "no reason given"


def run_program(suite, path, args, result, env):
    name = os.path.basename(args[0] if suite == "lint" else path)
    began = time.time()
    status, out = run([path, *args], TIMEOUT[suite], env)
    counts = read_cmocka(out)
    if counts:
        passed, failed, skipped = counts
        result.passed += passed
        result.skipped += [(f"{name}: {s}", reason_of(out, s)) for s in skipped]
        wrong = "\n".join(l for l in out.splitlines() if not re.match(r"\[ (RUN  |      OK) ", l))
        result.failed += [(f"{name}: {f}", wrong) for f in failed[:1]]
        result.failed += [(f"{name}: {f}", "") for f in failed[1:]]
        if status != 0 and not failed:
            result.failed.append((name, out))
        note = f"{passed} passed" + (f", {len(failed)} failed" if failed else "")
    elif status == 0:
        result.passed += 1
        note = out.strip().splitlines()[-1] if out.strip() else "ok"
    else:
        result.failed.append((name, out))
        note = "did not end in time" if status is None else f"ended with {status}"
    say(f"  {suite:8} {name:32} {note}  ({time.time() - began:.1f} s)")


def suite_programs(suite, build):
    result = Result()
    env = sanitizer_env()
    for path in sorted(glob.glob(os.path.join(ROOT, build, "tests", suite, "*"))):
        if path.endswith(".d") or not os.access(path, os.X_OK):
            continue
        name = os.path.basename(path)
        args = [f"tests/fuzz/corpus/{name}"] if suite == "replay" else []
        run_program(suite, path, args, result, env)
    return result


def suite_lint(_build):
    """The checks that hold for every commit and need no compiler."""
    result = Result()
    for script in ("includes.py", "docs.py", "words.py"):
        run_program("lint", sys.executable, [os.path.join(ROOT, "tests/lint", script)], result, None)
    return result


# ---- pytest and node ------------------------------------------------------------------------------

def sanitizer_env():
    env = dict(os.environ)
    env.setdefault("ASAN_OPTIONS", "detect_leaks=1:abort_on_error=0:detect_stack_use_after_return=1")
    env.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
    return env


def suite_pytest(suite, build, keyword=None):
    result = Result()
    if not glob.glob(os.path.join(ROOT, "tests", suite, "test_*.py")):
        return result
    env = sanitizer_env()
    env["TACET"] = os.path.join(ROOT, build, "tacet")
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    report = os.path.join(ROOT, build, f"{suite}.xml")
    if os.path.exists(report):
        os.unlink(report)
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--durations=5", f"--junitxml={report}",
            "-c", "tests/pytest.ini", f"tests/{suite}"] + (["-k", keyword] if keyword else [])
    status, out = run(argv, TIMEOUT[suite], env)
    if not os.path.exists(report):
        result.failed.append((f"pytest {suite}", out))
        return result
    for case in ET.parse(report).iter("testcase"):
        name = f"{case.get('classname').rsplit('.', 1)[-1]}: {case.get('name')}"
        bad = case.find("failure") if case.find("failure") is not None else case.find("error")
        skip = case.find("skipped")
        if bad is not None:
            result.failed.append((name, bad.text or bad.get("message", "")))
        elif skip is not None:
            result.skipped.append((name, skip.get("message", "no reason given")))
        else:
            result.passed += 1
    if status not in (0, 1):
        result.failed.append((f"pytest {suite}", out))
    slow = re.findall(r"^[\d.]+s call .*$", out, re.M)
    say(f"  {suite:8} {result.passed} passed, {len(result.failed)} failed"
        + (f"; slowest: {slow[0].split()[0]} {slow[0].split('::')[-1]}" if slow else ""))
    return result


def suite_reliability(build):
    """The quick ones of tests/reliability: a row of their table is a test."""
    result = Result()
    report = os.path.join(ROOT, build, "reliability.json")
    if os.path.exists(report):
        os.unlink(report)
    _, out = run([sys.executable, "tests/reliability/run.py", "--quick", "--tacet", f"{build}/tacet", "--report", report],
                 TIMEOUT["reliability"], sanitizer_env())
    if not os.path.exists(report):
        result.failed.append(("reliability", out))
        return result
    with open(report) as f:
        rows = json.load(f)
    failed = [f"{r['id']}: {r['what']}: {r['figure']}, not {r['bar']}" for r in rows if r["verdict"] == "FAILED"]
    result.failed = [(name, "" if i else out) for i, name in enumerate(failed)]
    result.skipped = [(f"{r['id']}: {r['what']}", f"{r['id']}: {r['bar']}") for r in rows if r["verdict"] == "skipped"]
    result.passed = sum(r["verdict"] == "ok" for r in rows)
    ids = sorted({r["id"] for r in rows})
    say(f"  {'reliability':8} {result.passed} figures of {', '.join(ids)}, {len(failed)} failed")
    return result


def suite_node(_build):
    result = Result()
    files = sorted(f for f in glob.glob(os.path.join(ROOT, "tests/**/*.test.mjs"), recursive=True)
                   if "node_modules" not in f)
    if not files:
        return result
    node = shutil.which("node")
    if not node:
        result.failed.append(("node", "no node here: run 'make setup'"))
        return result
    _, out = run([node, "--test", "--test-reporter=tap", *files], TIMEOUT["node"])
    count = {k: int(n) for k, n in re.findall(r"^# (tests|pass|fail|cancelled|skipped|todo) (\d+)$", out, re.M)}
    result.passed = count.get("pass", 0)
    bad = count.get("fail", 0) + count.get("cancelled", 0)
    if bad or not count:
        names = re.findall(r"^\s*not ok \d+ - (.*)$", out, re.M) or ["node tests"]
        result.failed = [(n, out if i == 0 else "") for i, n in enumerate(names[:max(bad, 1)])]
    result.skipped = [(n, r or "no reason given") for n, r in
                      re.findall(r"^\s*ok \d+ - (.*?) # SKIP ?(.*)$", out, re.M)]
    say(f"  {'node':8} {result.passed} passed, {len(result.failed)} failed")
    return result


def run_suite(suite, build, keyword):
    began = time.time()
    if suite in ("unit", "split", "replay"):
        result = suite_programs(suite, build)
    elif suite == "lint":
        result = suite_lint(build)
    elif suite == "reliability":
        result = suite_reliability(build)
    elif suite == "node":
        result = suite_node(build)
    else:
        result = suite_pytest(suite, build, keyword)
    result.seconds = time.time() - began
    return result


# ---- report ----------------------------------------------------------------------------------------

def report(results):
    for suite, result in results.items():
        for name, text in result.failed:
            say(f"\n---- FAILED {suite}: {name}")
            if text:
                say(text[-6000:].rstrip())
    reasons = collections.Counter((s, reason) for s, r in results.items() for _, reason in r.skipped)
    if reasons:
        say("\nskipped:")
        for (suite, reason), n in sorted(reasons.items()):
            say(f"  {n:4} {suite:8} {reason}")
    say(f"\n{'suite':12}{'passed':>8}{'failed':>8}{'skipped':>8}{'seconds':>9}")
    for suite, r in results.items():
        say(f"{suite:12}{r.passed:8}{len(r.failed):8}{len(r.skipped):8}{r.seconds:9.1f}")
    passed = sum(r.passed for r in results.values())
    failed = sum(len(r.failed) for r in results.values())
    skipped = sum(len(r.skipped) for r in results.values())
    for suite, r in results.items():
        for name, _ in r.failed:
            say(f"failed: {suite} {name}"[:200])
    say("")
    say(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 0 if passed and not failed else 1


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--build", default="build", help="the build's folder")
    ap.add_argument("--only", help="suites, separated by commas: " + ",".join(SUITES))
    ap.add_argument("-k", dest="keyword", help="pytest's -k")
    args = ap.parse_args()
    wanted = args.only.split(",") if args.only else SUITES
    unknown = set(wanted) - set(SUITES)
    if unknown:
        ap.error(f"unknown suite: {', '.join(unknown)}")
    return report({s: run_suite(s, args.build, args.keyword) for s in SUITES if s in wanted})


if __name__ == "__main__":
    sys.exit(main())
