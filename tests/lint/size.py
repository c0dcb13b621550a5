#!/usr/bin/env python3
"""Sizes that style sets limits to: functions, files, lines; and a first comment that says what a file is for."""
import os
import re

from tree import Findings, all_c, product, read

# Aim at 90 columns; a table's row may be wider, nothing wider than this (tabs as four).
FUNCTION_MAX, FILE_MAX, WIDTH_MAX = 100, 1000, 130


def functions(lines):
    """(name, first line, lines, body) of each function, whose name and braces stand in column one."""
    name = begun = None
    for number, line in enumerate(lines, 1):
        m = re.match(r"([A-Za-z_]\w*)\(", line)
        if m and not line.rstrip().endswith(";"):
            name = m[1]
        elif line.startswith("{") and name:
            begun = number
        elif line.startswith("}"):
            if begun and name:
                yield name, begun, number - begun - 1, lines[begun:number]
            name = begun = None


def is_table(body):
    """A switch whose cases are most of it: long, but flat."""
    return sum(1 for l in body if re.match(r"\s*(case\b|default:|X\(|\{)", l)) * 3 >= len(body)


def main():
    out = Findings()
    for path in all_c():
        text = read(path)
        lines = text.splitlines()
        generated = re.search(r"generated|made by|written by mk", text[:600], re.I) is not None
        if not generated and len(lines) > FILE_MAX:
            out.add(path, FILE_MAX, f"{len(lines)} lines in one file")
        for name, line, size, body in functions(lines):
            if size > FUNCTION_MAX and not is_table(body):
                out.add(path, line, f"{name}() has {size} lines")
        for number, line in enumerate(lines, 1):
            if len(line.expandtabs(4)) > WIDTH_MAX and not generated and not path.startswith("tests/"):
                out.add(path, number, f"a line of {len(line.expandtabs(4))} columns")
    for path in product():
        stem = os.path.splitext(os.path.basename(path))[0]
        first = re.match(r"/\*\s*(?:\*\s*)?(\S+?):", read(path))
        if not first or os.path.splitext(first[1])[0] != stem:
            out.add(path, 1, "the first comment does not say what the file is for (\"name.c: ...\")")
    out.done("sizes")


if __name__ == "__main__":
    main()
