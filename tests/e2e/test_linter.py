"""Two linters say what is unambiguous, one in Python for the vectors and one in C for the fuzz targets: they agree."""
import json
import os
import random
import shutil
import subprocess

import pytest

from harness import ROOT, SHARED

VECTORS = os.path.join(SHARED, "tests", "http1")
PROGRAM = r"""
#include <stdlib.h>
#include "lint_h1.h"
int main(void)
{
	size_t n;
	while (scanf("%zu", &n) == 1 && getchar() == '\n') {
		char *p = malloc(n + 1);
		unsigned count;
		const char *bad;
		if (p == NULL || fread(p, 1, n, stdin) != n)
			return 1;
		bad = lint_requests(p, n, &count);
		printf("%u %s\n", bad != NULL ? 0 : count, bad != NULL ? bad : "");
		free(p);
	}
	return 0;
}
"""

METHODS = [b"GET", b"POST", b"M-SEARCH", b"G(T", b"", b"GET ", b"\x00", b"get"]
TARGETS = [b"/", b"/a?b", b"*", b"http://a/", b"/a b", b"/\x7f", b"/caf\xe9", b"", b"/a\tb", b"/#"]
VERSIONS = [b"HTTP/1.1", b"HTTP/1.0", b"HTTP/1.2", b"HTTP/2.0", b"http/1.1", b"HTTP/1.1 ", b"HTTP/1.11", b""]
HOSTS = [b"a", b"a.example:80", b"", b"[::1]", b"[::1]:80", b"[]", b"[", b"[::1", b"[x]", b"[::1]x", b":80", b":", b"a:", b"a:123456", b"a:1x",
         b"a:1:2", b"a,b", b"a b", b"u@a", b"a/b", b"a#b", b"a^b", b"a`b", b"a|b", b"a\xe9", b"a%2f", b"a_b~c", b"!$&'()*+;=", b"\"a\"", b"a\\b", b"*"]
LENGTHS = [b"0", b"3", b"03", b"", b"+3", b"3 ", b"3,3", b"0x3", b"\xb3", b"1" * 18, b"1" * 19, b"3\t"]
CODINGS = [b"chunked", b"Chunked", b"\tchunked ", b"gzip", b"chunked,", b"gzip, chunked", b"", b"\"chunked\""]
NAMES = [b"X", b"x-y_z", b"!#$%&'*+-.^_`|~", b"X Y", b"X ", b"", b"X(", b"X\xe9", b" X", b"\tX", b"Keep-Alive", b"Proxy-Connection", b"http2-settings",
         b"Content-Length ", b"Transfer-Encoding\t", b"Connection", b"X\x00"]
VALUES = [b"v", b"", b" a b ", b"\t", b"caf\xe9", b"a\x00b", b"a\x0bb", b"a\x7f", b"a:b", b"\x01", b"a\rb", b"a\nb", b"\r", b"a\n b"]
BODIES = [b"", b"abc", b"0\r\n\r\n", b"3\r\nabc\r\n0\r\n\r\n", b"3;x\r\nabc\r\n0\r\n\r\n", b"3\r\nabcd\r\n0\r\n\r\n", b"A\r\n0123456789\r\n0\r\n\r\n", b"3\r\nabc",
          b" 3\r\nabc\r\n0\r\n\r\n", b"0x3\r\nabc\r\n0\r\n\r\n", b"\r\n", b"00000000000000003\r\nabc\r\n0\r\n\r\n", b"ffffffffffffffff\r\nabc\r\n0\r\n\r\n",
          b"0000000000000003\r\nabc\r\n0\r\n\r\n", b"3\r\nabc\r\n0\r\n", b"0\r\n"]
ENDS = [b"\r\n"] * 30 + [b"\n", b"\r", b"\r\r\n", b"\n\r\n", b"\r\n ", b"\r\n\t"]


def pick(rng, values, odd):
    """Mostly the first of a list: a message with one fault reaches deeper than one with ten."""
    return rng.choice(values) if rng.random() < odd else values[0]


def field(rng, odd):
    kind = rng.random()
    if kind < 0.3:
        name, value = rng.choice([b"Content-Length", b"content-length"]), pick(rng, [b"3", *LENGTHS], odd)
    elif kind < 0.5:
        name, value = rng.choice([b"Transfer-Encoding", b"TRANSFER-ENCODING"]), pick(rng, CODINGS, odd)
    elif kind < 0.6:
        name, value = b"Host", pick(rng, HOSTS, odd)
    else:
        name, value = pick(rng, NAMES, odd), pick(rng, VALUES, odd)
    return name + pick(rng, [b": ", b":", b" :", b"", b":\t"], odd / 4) + value


def message(rng):
    odd = rng.choice([0, 0.05, 0.2, 0.5])
    end = (lambda: rng.choice(ENDS)) if odd > 0.1 else lambda: b"\r\n"
    out = pick(rng, METHODS, odd) + b" " + pick(rng, TARGETS, odd) + b" " + pick(rng, VERSIONS, odd) + end()
    fields = [b"Host: " + pick(rng, HOSTS, 0.3)] if rng.random() < 0.9 else []
    fields += [field(rng, odd) for _ in range(rng.choice([0, 1, 1, 1, 2, 3]))]
    framing = b"".join(fields).lower()
    fit = [b for b, name in ((b"3\r\nabc\r\n0\r\n\r\n", b"transfer-encoding"), (b"abc", b"content-length"), (b"", b"")) if name in framing]
    return out + b"".join(f + end() for f in fields) + b"\r\n" + pick(rng, fit[:1] + BODIES, max(odd, 0.1))


def streams():
    """Without trailers: the one difference that is meant. We send none, so the linter of what we send knows none."""
    rng = random.Random(1912)
    for _ in range(6000):
        yield b"".join(message(rng) for _ in range(rng.choice([1, 1, 1, 2])))
    with open(os.path.join(VECTORS, "requests.jsonl")) as f:
        for vector in map(json.loads, f):
            if not vector["id"].startswith("ck-tr-"):
                yield vector["raw"].replace("HOST", "a.example:80").encode("latin-1", "replace")


@pytest.fixture(scope="module")
def c_linter(tmp_path_factory):
    if not shutil.which("cc"):
        pytest.skip("cc is not there")
    folder = tmp_path_factory.mktemp("linter")
    (folder / "lint.c").write_text(PROGRAM)
    subprocess.run(["cc", "-D_GNU_SOURCE", "-std=c11", "-O1", "-I", os.path.join(ROOT, "tests", "unit"), "-o", folder / "lint", folder / "lint.c"], check=True)
    return folder / "lint"


def test_both_linters_agree(c_linter):
    if not os.path.exists(os.path.join(VECTORS, "run_vectors.py")):
        pytest.skip("../shared/tests/http1 is not there")
    with open(os.path.join(VECTORS, "run_vectors.py")) as f:
        source = f.read()
    linter = {"__name__": "linter", "__file__": f.name}
    exec(compile(source[:source.rindex("\nmain()")], f.name, "exec"), linter)
    inputs = list(streams())
    told = subprocess.run([c_linter], input=b"".join(b"%d\n%s" % (len(s), s) for s in inputs), capture_output=True, check=True).stdout
    verdicts = told.decode().split("\n")[:-1]
    assert len(verdicts) == len(inputs)
    good, differ = 0, []
    for stream, line in zip(inputs, verdicts):
        count, _, bad = line.partition(" ")
        requests, problems = linter["lint"](stream)
        good += not problems
        if bool(problems) != bool(bad) or not bad and int(count) != len(requests):
            differ.append((stream[:200], problems, line))
    assert not differ, "%d of %d: %s" % (len(differ), len(inputs), differ[:5])
    assert good > 500 and len(inputs) - good > 500, "the generator has to make both kinds"
