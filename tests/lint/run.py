#!/usr/bin/env python3
"""`make lint`: layout (clang-format), cppcheck, include rules, sizes, docs, the matrix. Each check says what it found."""
import os
import shutil
import subprocess
import sys

from tree import ROOT, files

HERE = os.path.dirname(os.path.abspath(__file__))
CPPCHECK = ["--quiet", "--std=c11", "--language=c", "--enable=warning,portability,performance", "--inline-suppr", "--error-exitcode=1", "-j2",
            "--suppress=missingIncludeSystem", "--suppress=normalCheckLevelMaxBranches", "--suppress=internalAstError", "-Iinclude", "-Iproxy",
            "-D_GNU_SOURCE", "-DLLHTTP_STRICT_MODE=1"]


def run(name, argv):
    if not shutil.which(argv[0]):
        print(f"{name}: {argv[0]} is not installed: run 'make setup'")
        return 1
    ran = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True)
    said = (ran.stdout + ran.stderr).strip()
    if ran.returncode:
        print(said[:8000])
        print(f"{name}: FAILED")
    else:
        print(said.splitlines()[-1] if said else f"{name}: no findings")
    return 1 if ran.returncode else 0


def main():
    sys.stdout.reconfigure(line_buffering=True)
    failed = run("layout", [sys.executable, os.path.join(HERE, "layout.py"), "--check"])
    failed += run("cppcheck", ["cppcheck", *CPPCHECK, *files("proxy/*/*.c", "filters/*.c", "filters/*/*.c")])
    for script in ("includes.py", "size.py", "unused.py", "docs.py", "words.py", "matrix.py"):
        failed += run(script[:-3], [sys.executable, os.path.join(HERE, script)])
    print(f"{8 - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
