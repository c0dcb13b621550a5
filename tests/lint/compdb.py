#!/usr/bin/env python3
"""Writes a compilation database on standard output, from what make would run."""
import json
import re
import subprocess
import sys

from tree import ROOT


def main():
    dry = subprocess.run(["make", "-Bn", "V=1", "all", "tests"], cwd=ROOT, capture_output=True, text=True).stdout
    rows = []
    for line in dry.splitlines():
        sources = re.findall(r"\s((?:proxy|filters|tests|bench)/\S+\.c)\b", line)
        if re.match(r"(gcc|clang)\s", line) and sources:
            rows += [{"directory": ROOT, "command": line, "file": s} for s in sources]
    json.dump(rows, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
