#!/usr/bin/env python3
"""docs/matrix.md: which tests hold each row of the acceptance matrix, whose rows are in tests/lint/matrix.tsv.

A row is held by the cases of tests/fixtures/html named by it, and by every test that says its id in its name, in a comment
or docstring of its own, or in the comment before it. A case that comes out changed is a positive one, another a negative.
At level A a row of markup (H, P) needs both, any other row a test.

    matrix.py           findings, among them a table that is not up to date
    matrix.py --write   makes the table (make matrix)
"""
import collections
import os
import re
import sys

from tree import ROOT, Findings, files, read

TABLE, ROWS = "docs/matrix.md", "tests/lint/matrix.tsv"
ID = re.compile(r"\b(?:P[1-9]|[HJN]\d\d)\b")
# Where a test begins: cmocka, pytest, node's runner.
BEGIN = re.compile(r"^static void\ntest_(\w+)\(void \*\*state\)|^(?:async )?def (test_\w+)\(|^test\(\s*['\"](.+?)['\"]", re.M)
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*|#[^\n]*|\"\"\".*?\"\"\"", re.S)
HEAD = """# Acceptance matrix

Each construct by which a page or a response could lead a visitor who said no to a tracker, and the tests that hold it. Made by
`make matrix` from the tests themselves; `make lint` fails when it is not up to date, or when a row of level A has no test.

*Level*: A is in force; B needs the script in the page (the guard), a policy or data of the operator; C is later, or the
operator's choice. *Tests*: `+` are cases of `tests/fixtures/html` that must be edited, `-` such that must not; then the test
programs that name the row. *Status*: held, partly (not at level A, and only some of it), open.
"""
PARTS = (("P", "How parsers part"), ("H", "Elements and attributes"), ("J", "Script APIs"), ("N", "HTTP"))


class Row:
    def __init__(self, construct, level, by=None):
        self.construct, self.level, self.by, self.changed, self.same, self.tests = construct, level, by, 0, 0, []

    def lacks(self, row_id):
        """What a row of level A has no test for."""
        if self.level != "A":
            return []
        if row_id[0] in "HP":
            return [what for what, n in (("positive", self.changed), ("negative", self.same)) if n == 0]
        return [] if self.tests else ["named"]

    def status(self, row_id):
        if self.level == "A":
            return "open" if self.lacks(row_id) else "held"
        if self.level not in ("B", "C"):
            return "nothing to do"
        return "partly" if self.tests or self.changed or self.same else "open"


def read_rows():
    rows = collections.OrderedDict()
    for line in read(ROWS).splitlines():
        if line and not line.startswith("#"):
            row_id, *rest = line.split("\t")
            rows[row_id] = Row(*rest)
    return rows


def read_cases(rows, out):
    """The fixtures: "= ids name", then lines in ("<") and, where they differ, out (">")."""
    for path in files("tests/fixtures/html/*.txt"):
        for number, case in enumerate(re.split(r"^= ", read(path), flags=re.M)[1:], 1):
            name = case.split("\n", 1)[0]
            ids = re.match(r"(?:[HPJN]\d+ )*", name)[0].split()
            changed = re.search(r"^> ", case, re.M) is not None
            for row_id in ids:
                if row_id not in rows:
                    out.add(path, number, f"there is no row {row_id}")
                elif changed:
                    rows[row_id].changed += 1
                else:
                    rows[row_id].same += 1


def ids_of(text, begin, before, end):
    """Ids in a test's name and comments, and in the comment that ends where it begins."""
    own = text[begin:end]
    said = BEGIN.match(own)[0].replace("_", " ") + " ".join(COMMENT.findall(own))
    lead = re.search(r"(?:/\*(?:(?!\*/).)*\*/|(?:^(?:#|//|@)[^\n]*\n)+)\s*\Z", text[before:begin], re.S | re.M)
    return set(ID.findall(said.upper() if "_" in own.split("\n")[0] else said)) | set(ID.findall(lead[0] if lead else ""))


def read_tests(rows):
    for path in files("tests/unit/test_*.c", "tests/split/test_*.c", "tests/e2e/test_*.py", "tests/browser/*.py", "tests/browser/*.mjs"):
        text = read(path)
        found = list(BEGIN.finditer(text))
        seen = set()
        for i, m in enumerate(found):
            end = found[i + 1].start() if i + 1 < len(found) else len(text)
            # what stands before the next test, in its comment, is that one's
            tail = re.search(r"\n(?:/\*(?:(?!\*/).)*\*/|(?:(?:#|//|@)[^\n]*\n)+)\s*\Z", text[m.start():end], re.S)
            stop = m.start() + tail.start() if tail and i + 1 < len(found) else end
            seen |= ids_of(text, m.start(), found[i - 1].start() if i else 0, stop)
        for row_id, row in rows.items():
            if row_id in seen or row.by in seen:
                row.tests.append(os.path.relpath(path, "tests"))


def cell(text):
    return text.replace("|", "\\|")


def table(rows):
    lines = [HEAD]
    held = sum(1 for i, r in rows.items() if r.level == "A" and not r.lacks(i))
    lines.append(f"{held} of {sum(1 for r in rows.values() if r.level == 'A')} rows of level A are held.\n")
    for letter, title in PARTS:
        lines += [f"## {title}\n", "| row | construct | level | tests | status |", "| --- | --- | --- | --- | --- |"]
        for row_id, row in rows.items():
            if row_id[0] != letter:
                continue
            cases = " ".join(sign for sign, n in (("`+`", row.changed), ("`-`", row.same)) if n)
            tests = ", ".join(filter(None, [cases, *(f"`{t}`" for t in row.tests)])) or "-"
            lines.append(f"| {row_id} | {cell(row.construct)} | {row.level} | {tests} | {row.status(row_id)} |")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def main():
    out, rows = Findings(), read_rows()
    read_cases(rows, out)
    read_tests(rows)
    text = table(rows)
    if "--write" in sys.argv[1:]:
        with open(os.path.join(ROOT, TABLE), "w", encoding="utf-8") as f:
            f.write(text)
    elif not os.path.exists(os.path.join(ROOT, TABLE)) or read(TABLE) != text:
        out.add(TABLE, 1, "is not up to date: make matrix")
    for number, (row_id, row) in enumerate(rows.items(), 2):
        for what in row.lacks(row_id):
            out.add(ROWS, number, f"{row_id} ({row.construct[:60]}) has no {what} test")
    out.done("matrix")


if __name__ == "__main__":
    main()
