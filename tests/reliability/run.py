#!/usr/bin/env python3
"""Runs the reliability tests and prints what was measured: make reliability [ONLY=R03,R07].

A test is a file tests/reliability/rNN_name.py with ID, TITLE, QUICK (also run by `make test`) and run(t), which tells
its figures to t (common.Test). Each runs in a process group of its own, which is killed when the test has ended or
its time is over. One row a figure: id, what, figure, bar, verdict. The last line is `N passed, N failed, N skipped`.
"""
import argparse
import glob
import importlib.util
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
LIMIT_S = 60            # of one test
LIMIT_SANITIZED_S = 150
ROW = "{:4} | {:52} | {:34} | {:40} | {}"


def load(path):
    name = os.path.splitext(os.path.basename(path))[0]
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def child(path, fd):
    """The process of one test: rows go to fd, one JSON object a line."""
    import common
    t = common.Test(lambda row: os.write(fd, (json.dumps(row) + "\n").encode()))
    status = 0
    try:
        load(path).run(t)
    except Exception as why:  # a test that cannot go on has failed, whatever it met
        traceback.print_exc()
        t.figure("the test runs to its end", f"{type(why).__name__}: {why}"[:300], "no exception", False)
        status = 1
    finally:
        t.end()
    return status


def rows_of(proc, pipe, limit):
    """Yields the rows as they come; None when the time is over."""
    end, rest = time.monotonic() + limit, b""
    while True:
        left = end - time.monotonic()
        if left <= 0:
            yield None
            return
        if not select.select([pipe], [], [], min(left, 0.5))[0]:
            if proc.poll() is not None:
                return
            continue
        data = os.read(pipe, 65536)
        if not data:
            return
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            yield json.loads(line)


class Table:
    def __init__(self):
        self.rows, self.count = [], {"ok": 0, "FAILED": 0, "skipped": 0, "said": 0}

    def add(self, row):
        self.rows.append(row)
        self.count[row["verdict"]] += 1
        verdict = "-" if row["verdict"] == "said" else row["verdict"]
        print(ROW.format(row["id"], row["what"], row["figure"], row["bar"], verdict), flush=True)

    def total(self):
        c = self.count
        print(f"\n{c['ok']} passed, {c['FAILED']} failed, {c['skipped']} skipped")
        return 0 if c["ok"] and not c["FAILED"] else 1


def kill_group(pid):
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def run_one(path, tacet, limit, table, quick):
    module = load(path)
    print(ROW.format(module.ID, module.TITLE, "", "", "").rstrip(" |"), flush=True)
    pipe, end = os.pipe()
    failed, began = table.count["FAILED"], time.monotonic()
    env = dict(os.environ, TACET=tacet, PYTHONDONTWRITEBYTECODE="1")
    env.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
    if quick:
        env["TACET_QUICK"] = "1"
    with tempfile.TemporaryFile() as said, tempfile.TemporaryDirectory(prefix="tacet-") as folder:
        env["TMPDIR"] = folder
        proc = subprocess.Popen([sys.executable, __file__, "--child", path, str(end)], pass_fds=[end], env=env, cwd=ROOT,
                                stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True)
        os.close(end)
        try:
            for row in rows_of(proc, pipe, limit):
                if row is None:
                    row = {"what": "the test ends in time", "figure": f"not after {limit} s", "bar": f"{limit} s",
                           "verdict": "FAILED"}
                table.add({"id": module.ID, **row})
        finally:
            kill_group(proc.pid)
            proc.wait()
            os.close(pipe)
        if not any(r["id"] == module.ID for r in table.rows):
            table.add({"id": module.ID, "what": "the test says something", "figure": f"ended with {proc.returncode}",
                       "bar": "at least one figure", "verdict": "FAILED"})
        if table.count["FAILED"] > failed:
            said.seek(0)
            print(said.read().decode(errors="replace")[-6000:].rstrip(), flush=True)
    return time.monotonic() - began


def main():
    if sys.argv[1:2] == ["--child"]:
        return child(sys.argv[2], int(sys.argv[3]))
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("--only", help="ids, separated by commas: R03,R04")
    ap.add_argument("--tacet", default=os.path.join(ROOT, "build", "tacet"), help="the program to judge")
    ap.add_argument("--quick", action="store_true", help="only those that `make test` runs")
    ap.add_argument("--limit", type=float, help="seconds for each test")
    ap.add_argument("--report", help="file for the rows as JSON")
    args = ap.parse_args()
    tacet = os.path.abspath(args.tacet)
    if not os.access(tacet, os.X_OK):
        ap.error(f"{tacet} is not there: run make")
    limit = args.limit or (LIMIT_SANITIZED_S if "/san-" in tacet else LIMIT_S)
    tests = {load(p).ID: p for p in sorted(glob.glob(os.path.join(HERE, "r[0-9][0-9]_*.py")))}
    wanted = args.only.upper().split(",") if args.only else list(tests)
    unknown = set(wanted) - set(tests)
    if unknown:
        ap.error(f"no such test: {', '.join(sorted(unknown))}; there are {', '.join(tests)}")
    if args.quick:
        wanted = [i for i in wanted if load(tests[i]).QUICK]
    table, seconds = Table(), {}
    print(ROW.format("id", "what", "figure", "bar", "verdict"), flush=True)
    for i in tests:
        if i in wanted:
            seconds[i] = run_one(tests[i], tacet, limit, table, args.quick)
    print("\nseconds: " + ", ".join(f"{i} {s:.0f}" for i, s in seconds.items()))
    if args.report:
        with open(args.report, "w") as f:
            json.dump(table.rows, f)
    return table.total()


if __name__ == "__main__":
    sys.path[:0] = [HERE, os.path.dirname(HERE)]
    sys.exit(main())
