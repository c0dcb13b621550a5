#!/usr/bin/env python3
"""What judging a URL costs, in nanoseconds of processor time: part of `make bench`.

The list matcher (bench_match) and two engines in JavaScript, interleaved over the same requests of real pages, with the lists of
Debian's webext-ublock-origin-firefox. Reading the URL is part of it everywhere.
"""
import argparse
import datetime
import glob
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

from run import BUILD, ROOT
from harness import SHARED

ASSETS = "/usr/share/mozilla/extensions/{ec8030f7-c20a-464f-9b0e-13a3a9e97384}/uBlock0@raymondhill.net/assets/"
EASY = [ASSETS + "thirdparties/easylist/easyprivacy.txt", ASSETS + "thirdparties/easylist/easylist.txt"]
OTHERS = sorted(f for f in glob.glob(glob.escape(ASSETS + "ublock/") + "*.txt") if not f.endswith("badlists.txt"))
SETS = [("EasyPrivacy", EASY[:1]), ("EasyPrivacy and EasyList", EASY), ("these and uBlock Origin's", EASY + OTHERS)]
SCRIPT = os.path.join(ROOT, "bench/micro/lists.mjs")


def run(argv):
    return json.loads(subprocess.run(argv, capture_output=True, text=True, check=True).stdout)


def engines(rows, rounds):
    """(name, how it is asked about lists)"""
    def node(name):
        return lambda lists: run(["node", "--expose-gc", SCRIPT, name, rows, str(rounds), *lists])
    ours = os.path.join(BUILD, "bench", "bench_match")
    chosen = [("tacet", lambda lists: run([ours, "--rows", rows, str(rounds), *lists]))]
    if shutil.which("node") and os.path.isdir(os.path.join(ROOT, "tests/node_modules/@gorhill/ubo-core")):
        return chosen + [("uBlock Origin core", node("ubo")), ("Ghostery", node("ghostery"))]
    print("skipped: engines in JavaScript: node or npm's packages are missing: run 'make setup'", file=sys.stderr)
    return chosen


def compiled(lists, ask, reps):
    """Milliseconds to read the same lists as one compiled file."""
    tacet = os.path.join(BUILD, "tacet")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "all.lists")
        subprocess.run([tacet, "lists", "compile", "-o", path, *(word for name in lists for word in ("--use", name))], check=True,
                       stdout=subprocess.DEVNULL)
        return statistics.median(ask([path])["load_ms"] for _ in range(reps))


def table(reps, rounds, rows):
    every = engines(rows, rounds)
    lines = ["| lists | rules | blocked | compiled, load ms | " + " | ".join(f"{name} ns | load ms | MiB" for name, _ in every) + " |",
             "| --- | ---: | ---: | ---: |" + " ---: |" * 3 * len(every)]
    for title, lists in SETS:
        ran = {name: [] for name, _ in every}
        for _ in range(reps):
            for name, ask in every:
                ran[name].append(ask(lists))
        first, one_file = ran["tacet"][0], compiled(lists, every[0][1], reps)
        cells = [f"{statistics.median(r['ns'] for r in results):.0f} | {statistics.median(r['load_ms'] for r in results):.0f} | {results[0]['bytes'] / (1 << 20):.1f}"
                 for results in ran.values()]
        lines.append(f"| {title} | {first['rules']} | {first['blocked']} of {first['requests']} | {one_file:.1f} | " + " | ".join(cells) + " |")
    return lines


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--reps", type=int, default=3)
    ap.add_argument("--rounds", type=int, default=10, help="over all requests, in each repetition")
    ap.add_argument("--save", action="store_true", help="at the end of bench/results/DATE.md")
    args = ap.parse_args()
    pages = os.path.join(SHARED, "corpus/pages")
    missing = [p for p in [pages, *EASY] if not os.path.exists(p)]
    if missing:
        print(f"skipped: lists: {missing[0]} is not there", file=sys.stderr)
        return
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as rows:
        subprocess.run(["node", SCRIPT, "rows", pages], stdout=rows, check=True)
        rows.flush()
        text = "\n".join(["## URLs judged, one core", "", f"Medians of {args.reps} interleaved repetitions; each reads and judges different URLs of real pages in turn. MiB: rules and "
                          "indexes (tacet), growth of the heap (the others). Rules: of tacet, those in force.", "", *table(args.reps, args.rounds, rows.name)]) + "\n"
    print(text)
    if args.save:
        with open(os.path.join(ROOT, "bench", "results", f"{datetime.date.today()}.md"), "a") as f:
            f.write("\n" + text)


if __name__ == "__main__":
    main()
