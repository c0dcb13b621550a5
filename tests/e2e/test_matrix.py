"""The matrix's check (tests/lint/matrix.py) finds a row that lost its tests, a case of no row, and a table out of date."""
import os
import re
import shutil
import subprocess
import sys

import pytest

from harness import ROOT

FIXTURES = "tests/fixtures/html"


@pytest.fixture
def tree(tmp_path):
    """A copy of what the check reads, with a table that is up to date."""
    for path in ("tests/lint", FIXTURES, "tests/unit", "tests/split", "tests/e2e", "tests/browser"):
        shutil.copytree(os.path.join(ROOT, path), tmp_path / path, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    (tmp_path / "docs").mkdir()
    check(tmp_path, "--write")
    return tmp_path


def check(tree, *args):
    ran = subprocess.run([sys.executable, str(tree / "tests/lint/matrix.py"), *args], capture_output=True, text=True)
    return ran.returncode, ran.stdout


def edit(path, pattern, with_):
    text = path.read_text(encoding="utf-8")
    new = re.sub(pattern, with_, text, flags=re.M)
    assert new != text
    path.write_text(new, encoding="utf-8")


def test_nothing_found(tree):
    assert check(tree) == (0, "matrix: no findings\n")


def test_table_out_of_date(tree):
    edit(tree / "docs/matrix.md", r"^\| H05 .*\n", "")
    status, said = check(tree)
    assert status == 1 and "docs/matrix.md:1: is not up to date" in said


def test_row_without_cases(tree):
    for path in (tree / FIXTURES).glob("*.txt"):
        path.write_text(re.sub(r"^= H05 .*\n(?:[<>] .*\n)+", "", path.read_text(encoding="utf-8"), flags=re.M), encoding="utf-8")
    check(tree, "--write")
    status, said = check(tree)
    assert status == 1 and "has no positive test" in said and "has no negative test" in said and said.count("H05 ") == 2
    assert re.search(r"^\| H05 .* \| open \|$", (tree / "docs/matrix.md").read_text(encoding="utf-8"), re.M)


def test_row_without_a_named_test(tree):
    for path in [*(tree / "tests/e2e").glob("*.py"), *(tree / "tests/unit").glob("*.c"), *(tree / "tests/browser").glob("*.*")]:
        text = path.read_text(encoding="utf-8")
        if re.search(r"N0[4]", text, re.I):
            path.write_text(re.sub(r"[Nn]0[4]", "nxx", text), encoding="utf-8")
    check(tree, "--write")
    status, said = check(tree)
    assert status == 1 and "has no named test" in said and "N0" + "4 " in said


def test_case_of_no_row(tree):
    edit(tree / FIXTURES / "rows.txt", r"^= H05 srcset$", "= H99 srcset")
    status, said = check(tree)
    assert status == 1 and "there is no row H99" in said
