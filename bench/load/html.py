#!/usr/bin/env python3
"""How fast pages are rewritten, in GB/s of one core: part of `make bench`.

The rewriter (bench_html, built-in lists and EasyPrivacy), lol-html's WebAssembly build doing a comparable job, and
nginx removing five literals by sub_filter, interleaved over the same pages, all in processor time. Of nginx it is that of
its processes per byte served, HTTP included. None of the three does what another does; the table says what each costs.
"""
import argparse
import datetime
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

from run import BUILD, LITERALS, ROOT, cpu_ns
from harness import SHARED, Client, Nginx

FOLDERS = ["corpus/pages", "corpus/bench-lol-html"]
EASYPRIVACY = ("/usr/share/mozilla/extensions/{ec8030f7-c20a-464f-9b0e-13a3a9e97384}/uBlock0@raymondhill.net/assets/"
               "thirdparties/easylist/easyprivacy.txt")


def tacet(folder, rounds):
    out = subprocess.run([os.path.join(BUILD, "bench", "bench_html"), folder, str(rounds), "rewriter"], capture_output=True, text=True, check=True).stdout
    return float(re.search(r"^rewriter\s+median ([\d.]+) GB/s", out, re.M)[1])


def lol_html(folder, rounds):
    ran = subprocess.run(["node", os.path.join(ROOT, "bench/micro/lol_html.mjs"), folder, str(rounds), EASYPRIVACY],
                         capture_output=True, text=True, check=True)
    return json.loads(ran.stdout)["median"]


def nginx(folder, rounds):
    subs = " ".join(f'sub_filter "{literal}" "";' for literal in LITERALS)
    with tempfile.TemporaryDirectory() as prefix:
        server = Nginx(prefix, folder, workers=1, extra=f"location /subs/ {{ alias '{folder}/'; sub_filter_once off; {subs} }}")
        try:
            names, total = sorted(n for n in os.listdir(folder) if n.endswith(".html")), 0
            with Client(server.port) as client:
                client.get(f"/subs/{names[0]}")
                before = cpu_ns(server.proc.pid)
                for _ in range(rounds):
                    for name in names:
                        total += len(client.get(f"/subs/{name}").body)
                used = cpu_ns(server.proc.pid) - before
            return total / used
        finally:
            server.stop()


def peers():
    """(name, measure, why it is skipped)."""
    node = shutil.which("node") and os.path.isdir(os.path.join(ROOT, "tests/node_modules/lol-html"))
    has_nginx = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    return [("tacet", tacet, None), ("lol-html (npm, wasm)", lol_html, None if node else "node or npm's lol-html is missing: run 'make setup'"),
            ("nginx sub_filter", nginx, None if has_nginx else "nginx is missing: run 'make setup'")]


def table(reps, rounds):
    every = peers()
    for name, _, why in every:
        if why:
            print(f"skipped: {name}: {why}", file=sys.stderr)
    chosen = [(name, run) for name, run, why in every if not why]
    lines = ["| pages | " + " | ".join(f"{name} GB/s" for name, _ in chosen) + " |", "| --- |" + " ---: |" * len(chosen)]
    for folder in FOLDERS:
        path = os.path.join(SHARED, folder)
        if not os.path.isdir(path):
            print(f"skipped: {folder}: it is not beside the checkout", file=sys.stderr)
            continue
        figures = {name: [] for name, _ in chosen}
        for _ in range(reps):
            for name, run in chosen:
                figures[name].append(run(path, rounds))
        lines.append(f"| {folder} | " + " | ".join(f"{statistics.median(figures[name]):.3f}" for name, _ in chosen) + " |")
    return lines


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--reps", type=int, default=5)
    ap.add_argument("--rounds", type=int, default=11, help="over all pages, in each repetition")
    ap.add_argument("--save", action="store_true", help="at the end of bench/results/DATE.md")
    args = ap.parse_args()
    text = "\n".join(["## Pages rewritten, one core", "", f"Medians of {args.reps} interleaved repetitions. tacet: all its rules, built-in lists and EasyPrivacy. "
                      "lol-html: src and href of four elements by a set of hosts. nginx: five literals, HTTP included.", "",
                      *table(args.reps, args.rounds)]) + "\n"
    print(text)
    if args.save:
        with open(os.path.join(ROOT, "bench", "results", f"{datetime.date.today()}.md"), "a") as f:
            f.write("\n" + text)


if __name__ == "__main__":
    main()
