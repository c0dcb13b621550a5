#!/usr/bin/env python3
"""`make fmt` and its check: clang-format, with what it cannot know about our layout put right.

    layout.py [--check] [FILE ...]

clang-format 14 indents the rows of a table like continued lines, splits one-line enums, and loses its way after an
X-macro in an enum. So: macros and one-line enums are kept as they were written, and the rows of initialisers get a tab. Made tables are left alone.
"""
import os
import re
import subprocess
import sys

from tree import ROOT, all_c, read

MADE = re.compile(r"generated|made by|written by mk", re.I)
# Kept as written: a #define, an enum on one line; a list macro inside an enum; strings beside each other.
KEPT = re.compile(r"^[ \t]*#[ \t]*define[^\n]*\\\n(?:[^\n]*\\\n)*[^\n]*|^[ \t]*#[ \t]*define [^\n]*|^[ \t]*(?:static const )?enum(?: \w+)? \{[^\n{}]*\};[^\n]*", re.M)
LIST = re.compile(r"^(\t+)([A-Z_]+\([A-Z]\))$", re.M)
STRING = r'"(?:\\.|[^"\\\n])*"'
STRINGS = re.compile(rf"{STRING}(?:[ \t]+{STRING})+")
TOKENS = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|[{}()\[\]=;,]|return\b|\n|[^\s{}()\[\]=;,/"\']+|.', re.S)


def hide(text):
    """The text with what is to be kept replaced by words, and those."""
    kept = []

    def word(m):
        kept.append(m[0])
        define = "#define " if m[0].lstrip().startswith("#") else ""
        return f"{define}KEPT_{len(kept) - 1}_" + ("" if define else ";")

    def item(m):
        kept.append(m[2])
        return f"{m[1]}KEPT_{len(kept) - 1}_,"

    def strings(m):
        kept.append(m[0])
        return f"KEPT_STRINGS_{len(kept) - 1}_"

    return STRINGS.sub(strings, LIST.sub(item, KEPT.sub(word, text))), kept


def show(text, kept):
    for i in reversed(range(len(kept))):
        text = text.replace(f"KEPT_STRINGS_{i}_", kept[i])
        text = re.sub(rf"^[ \t]*(?:#define )?KEPT_{i}_;?(?!\d)(,?)", lambda m: kept[i] if not m[1] else re.match(r"[ \t]*", m[0])[0] + kept[i], text, 1, re.M)
    return text


def initialisers(text):
    """For each line: the initialisers, with rows on lines of their own, that it begins within, by number of their first line."""
    lines, stack, before, number = [[]], [], "", 0
    tokens = [m[0] for m in TOKENS.finditer(text)]
    for i, t in enumerate(tokens):
        if t == "{":
            ends_line = i + 1 < len(tokens) and re.match(r"\s*(/\*.*?\*/\s*)?\n", "".join(tokens[i + 1:i + 6]), re.S)
            is_list = before in ("=", ",", "(") or before == "{" and stack and stack[-1] is not None or before == ")" and cast(tokens, i)
            stack.append((number + 1 if ends_line else 0) if is_list else None)
        elif t in "([":
            stack.append(0)
        elif t in (")", "]", "}") and stack:
            stack.pop()
        for _ in range(t.count("\n")):
            number += 1
            lines.append([first for first in stack if first])
        if not t.isspace() and not t.startswith(("/*", "//")):
            before = t
    return lines


def cast(tokens, at):
    """Whether the brace at this token follows a cast, (struct x){ ... }, and not a function's head or a condition."""
    depth, i = 0, at - 1
    while i >= 0:
        depth += (tokens[i] == ")") - (tokens[i] == "(")
        if depth == 0 and tokens[i] == "(":
            break
        i -= 1
    while i > 0 and tokens[i - 1].isspace():
        i -= 1
    return i > 0 and tokens[i - 1] in ("=", "(", ",", "return", "{", "&")


def columns(line):
    return len(line[:len(line) - len(line.lstrip(" \t"))].expandtabs(8))


def white(n):
    return "\t" * (n // 8) + " " * (n % 8)


def strings_near(text):
    """A string that goes on in the next line does so four columns in, not below where it began far to the right."""
    out, indent = [], None
    for line in text.split("\n"):
        if line.lstrip().startswith('"') and indent is not None and columns(line) > indent + 4:
            line = white(indent + 4) + line.lstrip()
        elif not line.lstrip().startswith('"'):
            indent = columns(line) if re.search(r'\S.*"$', line.rstrip()) else None
        out.append(line)
    return "\n".join(out)


def rows_by_tab(text):
    """Moves the rows of initialisers from four columns to a tab."""
    lines, out = text.split("\n"), []
    within = initialisers(text)
    for line, firsts in zip(lines, within):
        body = line.lstrip(" \t")
        if body.startswith("}"):
            firsts = firsts[:-1]
        # A list that clang-format has put at a tab already stays there.
        shift = sum(4 for first in firsts if columns(lines[first]) - columns(lines[first - 1]) == 4)
        if shift and body and not body.startswith("#"):
            line = white(columns(line) + shift) + body
        out.append(line)
    return "\n".join(out)


def laid_out(path, text):
    hidden, kept = hide(text)
    ran = subprocess.run(["clang-format", f"--assume-filename={path}"], cwd=ROOT, input=hidden, capture_output=True, text=True)
    if ran.returncode:
        raise SystemExit(f"{path}: {ran.stderr}")
    text = re.sub(r"(\([a-z_0-9 ]+\)) ~", r"\1~", ran.stdout)  # (uint8_t) ~x
    text = re.sub(r"\bclass (\+\+|--)", r"class\1", text)        # a keyword only in C++
    return show(strings_near(rows_by_tab(text)), kept)


def main():
    unknown = [a for a in sys.argv[1:] if a.startswith("-") and a != "--check"]
    if unknown:
        print(__doc__, file=sys.stderr)
        return 2
    check = "--check" in sys.argv
    wanted = [a for a in sys.argv[1:] if not a.startswith("--")] or all_c()
    changed = 0
    for path in wanted:
        text = read(path)
        if MADE.search(text[:600]) or path.endswith("_table.h"):
            continue
        new = laid_out(path, text)
        if new != text:
            changed += 1
            print(f"{path}:1: make fmt would change it" if check else f"{path}")
            if not check:
                with open(os.path.join(ROOT, path), "w", encoding="utf-8") as f:
                    f.write(new)
    if check:
        print(f"layout: {changed or 'no'} finding{'' if changed == 1 else 's'}")
    return 1 if check and changed else 0


if __name__ == "__main__":
    sys.exit(main())
