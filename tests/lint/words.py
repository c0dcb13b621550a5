#!/usr/bin/env python3
"""Every sentence of the visitor's pages in every language: none missing, none twice, names stand where the English has them."""
import re

from tree import Findings, read

WORDS, CODE = "proxy/core/words.h", "proxy/core/words.c"
ENTRY = r'\[W_(\w+)\] = ((?:"(?:[^"\\]|\\.)*"\s*)+),'


def main():
    out = Findings()
    wanted = re.findall(r"^\tW_(\w+),", read(WORDS), re.M)
    count = int(re.search(r"LANGUAGE_COUNT = (\d+)", read(WORDS))[1])
    code = read(CODE)
    blocks = re.findall(r'\.tag = TC_STR_INIT\("([^"]+)"\),(.*?)\n\},', code, re.S)
    if len(blocks) != count:
        out.add(CODE, 1, f"{len(blocks)} languages, where {WORDS} says {count}")
    english = dict(re.findall(ENTRY, blocks[0][1]))
    for tag, block in blocks:
        line = code[:code.index(f'TC_STR_INIT("{tag}")')].count("\n") + 1
        entries = re.findall(ENTRY, block)
        names = [name for name, _ in entries]
        for name in wanted:
            if names.count(name) != 1:
                out.add(CODE, line, f"{tag}: W_{name} is there {names.count(name)} times")
        for name, text in entries:
            if name not in wanted:
                out.add(CODE, line, f"{tag}: W_{name} is not in {WORDS}")
            elif text.count("{}") != english.get(name, "").count("{}"):
                out.add(CODE, line, f"{tag}: W_{name} has a name in another place than the English")
            elif text.strip('" \n\t') == "" and tag != "en":
                out.add(CODE, line, f"{tag}: W_{name} is empty")
    out.done("words")


if __name__ == "__main__":
    main()
