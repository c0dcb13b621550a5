#!/usr/bin/env python3
"""Public functions that nobody outside of their file calls: they are static, or they go. A unit test that includes the file sees statics."""
import re

from tree import Findings, files, product, read

PUBLIC = re.compile(r"^(?!static\b|typedef\b)[a-z][\w \*]*\n(\w+)\(.*?\)\n\{", re.M | re.S)
COMMENT = re.compile(r'("(?:\\.|[^"\\\n])*")|/\*.*?\*/', re.S)

# tc_* is what filters may call, whether one does or not. And by name, with the reason:
KEPT = {"geo_shrunk"}  # a reload has yet to ask it


def main():
    out = Findings()
    texts = {f: COMMENT.sub(r"\1", read(f)) for f in product() + files("tests/*/*.[ch]", "bench/*/*.[ch]")}
    words = {f: set(re.findall(r"\w+", text)) for f, text in texts.items()}
    includes = {f: set(re.findall(r'#include "(?:\.\./)*(\S+\.c)"', text)) for f, text in texts.items()}
    # A header names what it declares; what it calls stands in an inline function or a macro, behind a tab.
    for f, text in texts.items():
        if f.endswith(".h") and not f.startswith(("tests/", "bench/")):
            words[f] = set(re.findall(r"\w+", "\n".join(re.findall(r"^\t.*$|^#define .*$", text, re.M))))
    for path in files("proxy/*/*.c", "filters/*.c", "filters/*/*.c"):
        for m in PUBLIC.finditer(texts[path]):
            if m[1] in KEPT or m[1] == "main" or m[1].startswith("tc_"):
                continue
            if not any(m[1] in seen for f, seen in words.items() if f != path and path not in includes[f]):
                line = read(path).split(f"\n{m[1]}(")[0].count("\n") + 2
                out.add(path, line, f"{m[1]}() is used in no other file")
    out.done("unused")


if __name__ == "__main__":
    main()
