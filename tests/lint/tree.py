"""What the lint scripts share: the files of the tree, and how a finding is printed."""
import glob
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MODULES = ["base", "http", "net", "consent", "config", "geo", "stats", "core", "admin", "cli"]


def files(*patterns):
    """Paths below the root, sorted."""
    found = set()
    for pattern in patterns:
        found.update(os.path.relpath(p, ROOT) for p in glob.glob(os.path.join(ROOT, pattern), recursive=True))
    return sorted(f for f in found if not f.startswith(("build", "tests/node_modules")))


def product():
    return files("include/tacet/*.h", "proxy/*/*.[ch]", "filters/*.[ch]", "filters/*/*.[ch]")


def all_c():
    return product() + files("tests/*/*.[ch]", "bench/*/*.[ch]")


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


class Findings:
    def __init__(self):
        self.n = 0

    def add(self, path, line, text):
        self.n += 1
        print(f"{path}:{line}: {text}")

    def done(self, what):
        """Prints the closing line and ends the program."""
        print(f"{what}: {self.n or 'no'} finding{'' if self.n == 1 else 's'}")
        sys.exit(1 if self.n else 0)
