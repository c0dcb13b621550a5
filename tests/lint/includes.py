#!/usr/bin/env python3
"""Who may include whom, where each library lives, and whether a header compiles by itself."""
import os
import re
import shutil
import subprocess

from tree import MODULES, ROOT, Findings, files, product, read

# As SEES_* in the Makefile, which makes most of this a build error; relative paths would get past it.
SEES = dict(re.findall(r"^SEES_(\w+)\s*:= (.*)$", read("Makefile"), re.M))
SEES = {m: (MODULES if "$(MODULES)" in seen else seen.split()) for m, seen in SEES.items()}

HOMES = [  # library header, where alone it may be included
    (r"uv\.h|uv/", "proxy/net/"), (r"openssl/", "proxy/net/"), (r"llhttp\.h", "proxy/http/h1_parse.c"), (r"nghttp2/", "proxy/http/"),
    (r"yaml\.h", "proxy/config/"), (r"maxminddb\.h", "proxy/geo/"), (r"sqlite3\.h|hiredis", "proxy/stats/"),
    (r"zlib\.h|libdeflate\.h|brotli/|zstd\.h", "filters/coding/"), (r"libpsl\.h|pcre2\.h", "filters/match/")]


def target(path, name):
    """The file, from the root, that #include "name" in path means."""
    near = os.path.normpath(os.path.join(os.path.dirname(path), name))
    if os.path.exists(os.path.join(ROOT, near)):
        return near
    for folder in ("include", "proxy", "build/gen"):
        if os.path.exists(os.path.join(ROOT, folder, name)):
            return f"{folder}/{name}"
    return None


def allowed(path, to):
    if to.startswith(("include/tacet/", "build/gen/")):
        return True
    if path.startswith("include/"):
        return False
    if path.startswith("filters/"):
        return to.startswith("filters/")
    module = path.split("/")[1]
    return to.startswith("proxy/") and to.split("/")[1] in SEES[module]


def check_file(path, out):
    for number, line in enumerate(read(path).splitlines(), 1):
        m = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        if m:
            to = target(path, m[1])
            if to and not allowed(path, to):
                out.add(path, number, f"may not include {m[1]}")
            if m[1].startswith("../") and not path.startswith("filters/"):
                out.add(path, number, f"includes a relative path: {m[1]}")
        m = re.match(r"\s*#\s*include\s+<([^>]+)>", line)
        for library, home in HOMES if m else []:
            if re.match(library, m[1]) and not path.startswith(home):
                out.add(path, number, f"<{m[1]}> lives in {home} alone")
        if re.match(r"extern\s+(?!const\b)(?!\"C\")[^(]*;", line) and "const" not in line:
            out.add(path, number, "an extern variable that is no const table")


def compiles_alone(header, out):
    module = header.split("/")[1] if header.startswith("proxy/") else None
    roots = ["-Iinclude"] + ([f"-Ibuild/inc/{module}", "-Iproxy"] if module else [])
    ran = subprocess.run(["gcc", "-std=c11", "-D_GNU_SOURCE", "-fsyntax-only", "-Wall", "-x", "c", *roots, header],
                         cwd=ROOT, capture_output=True, text=True)
    wrong = [l for l in ran.stderr.splitlines() if "error:" in l]
    if ran.returncode:
        out.add(header, 1, "does not compile by itself: " + (wrong[0].split("error: ")[-1] if wrong else "?"))


def main():
    out = Findings()
    for path in product():
        check_file(path, out)
    if shutil.which("gcc"):
        for header in files("include/tacet/*.h", "proxy/*/*.h", "filters/**/*.h"):
            if not header.endswith("_table.h"):  # rows for one .c file, not a header of its own
                compiles_alone(header, out)
    out.done("includes")


if __name__ == "__main__":
    main()
