#!/usr/bin/env python3
"""Documentation keeps up: each option is in the manual and in the commented sample, and nothing names this machine."""
import glob
import os
import re

from tree import ROOT, Findings, files, product, read

# Rows of option tables: {"cookies.request", TC_OPT_ENUM, ...} in filters (below rule_sets.*), ROW("state", STR, ...) elsewhere.
ROW = re.compile(r'(?:\{|\b[A-Z_]+\()\s*"([a-z_.*\[\]]+)",\s*(?:TC_OPT_)?(?:BOOL|INT|DURATION|SIZE|ENUM|FLAGS|WORDS|STRS?|DECIMAL|URL|ADDRESS)\b')
# Paths of a work place, hosts of registries: they mean nothing to a reader elsewhere.
PRIVATE = re.compile(r"/root/|/home/\w+/")


def options():
    rows = {}
    for path in product():
        for m in ROW.finditer(read(path)):
            rows.setdefault(m[1], path)
    return rows


def words(path):
    """The option's own name: what a reader looks for. "sites[].origin.url" is `url` below `origin`."""
    return [w for w in re.split(r"[.\[\]*]+", path) if w]


def mentioned(option, text):
    return all(re.search(rf"(?<![\w-]){re.escape(w)}(?![\w-])", text) for w in words(option)[-2:])


def check_options(out):
    manual = glob.glob(os.path.join(ROOT, "docs", "tacet.conf.5.scd"))
    sample = os.path.join(ROOT, "conf", "tacet.yaml")
    for name, found in (("manual", manual[0] if manual else None), ("sample", sample)):
        if not found or not os.path.exists(found):
            out.add("docs/tacet.conf.5.scd" if name == "manual" else "conf/tacet.yaml", 1, f"the {name} is missing")
            continue
        text = open(found, encoding="utf-8").read().replace("\\_", "_").replace("*", " ")
        for option, where in sorted(options().items()):
            if not mentioned(option, text):
                out.add(os.path.relpath(found, ROOT), 1, f"does not mention {option} (row in {where})")


def check_private(out):
    listed = os.popen(f"git -C '{ROOT}' ls-files 2>/dev/null").read().split() or files("**/*")
    for path in listed:
        if path.startswith("tests/lint/") or path.endswith((".mmdb", ".gz", ".png")) or not os.path.isfile(os.path.join(ROOT, path)):
            continue
        try:
            text = read(path)
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if PRIVATE.search(line):
                out.add(path, number, "names a place that readers do not have")


def check_records(out):
    index = read("docs/adr/README.md")
    for path in files("docs/adr/[0-9]*.md"):
        text = read(path)
        if os.path.basename(path) not in index:
            out.add(path, 1, "is not in docs/adr/README.md")
        for part in ("Context", "Decision", "Consequences"):
            if not re.search(rf"^## {part}", text, re.M):
                out.add(path, 1, f"has no section {part}")


def check_refusals(out):
    """docs/refusals.md has a row for each reason of the counter, in the same order and with its status, and no other."""
    header, page = "proxy/http/h1.h", "docs/refusals.md"
    reasons = [(m[2], m[1]) for m in re.finditer(r'^\tX\([A-Z_]+, (\d+), "([a-z_]+)"\)', read(header), re.M)]
    told = []
    for number, line in enumerate(read(page).splitlines(), 1):
        cells = [c.strip() for c in line.strip().strip("|").split(" | ")]
        m = re.fullmatch(r"`([a-z_]+)`", cells[0])
        if m and len(cells) >= 3:
            told.append((m[1], cells[1]))
            if len(cells) != 5 or m[1] != "other" and not all(cells):
                out.add(page, number, f"{m[1]}: say what it means, what causes it and what to do")
    for metric in re.findall(r"tacet_([a-z_]+)", read(page)):
        if f'"{metric}"' not in read("proxy/stats/counters.c"):
            out.add(page, 1, f"there is no metric tacet_{metric}")
    if told != reasons:
        out.add(page, 1, f"reasons differ from {header}: {sorted(set(told) ^ set(reasons)) or 'their order'}")


def main():
    out = Findings()
    check_refusals(out)
    check_options(out)
    check_private(out)
    check_records(out)
    out.done("docs")


if __name__ == "__main__":
    main()
