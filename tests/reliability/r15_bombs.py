"""R15: bodies that inflate to 10 GiB, through the HTML filter, are cut at the limit and cost nobody else anything."""
import random
import shutil
import subprocess
import threading
import time
import zlib

import common
import harness
import tools

ID = "R15"
TITLE = "bombs in gzip, br and zstd through the HTML filter, 8 at once"
QUICK = False

GIB, MIB = 1 << 30, 1 << 20
AT_ONCE, SECONDS = 8, 3
START = b"<!doctype html><html><body><h1>Words</h1>"
# Limits of http.md 7: 64 MiB in all; 100:1 past 1 MiB, so that a bomb may come to 100 times what is read at once.
MOST, MOST_STEEP = 64 * MIB, 8 * MIB


def gzip_steep():
    """Blocks flushed whole may stand behind each other as often as one likes."""
    c = zlib.compressobj(9, zlib.DEFLATED, 31)
    head = c.compress(START) + c.flush(zlib.Z_FULL_FLUSH)
    block = c.compress(b" " * MIB) + c.flush(zlib.Z_FULL_FLUSH)
    return [head] + [block * 64] * 160


def zstd_steep():
    """A frame of one raw block and then runs: four bytes for each 128 KiB."""
    def block(kind, size, data):
        return (size << 3 | kind << 1).to_bytes(3, "little") + data

    run = block(1, 128 << 10, b" ")
    head = (0xfd2fb528).to_bytes(4, "little") + b"\0" + bytes([(20 - 10) << 3]) + block(0, len(START), START)
    return [head] + [run * 1024] * 80


def compressed(program, parts):
    """What a program makes of them. Only that is kept."""
    proc = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def feed():
        for part in parts:
            proc.stdin.write(part)
        proc.stdin.close()

    threading.Thread(target=feed, daemon=True).start()
    return [proc.stdout.read()]


def blanks(size):
    yield START
    for _ in range(size // MIB):
        yield b" " * MIB


def gentle():
    """200 MiB of which each has 32 KiB of noise: under 100:1, so that only the limit on the whole stops it."""
    noise = random.Random(1)
    for _ in range(200):
        yield (b"<p>" + noise.randbytes(16 << 10).hex().encode() + b"</p>").ljust(MIB)


def bombs(t):
    """(name, coding, pieces, most that may come out)"""
    yield "gzip 10 GiB", "gzip", gzip_steep(), MOST_STEEP
    yield "zstd 10 GiB", "zstd", zstd_steep(), MOST_STEEP
    for coding, program in (("gzip", ("gzip", "-1c")), ("br", ("brotli", "-q", "1", "-c")), ("zstd", ("zstd", "-1c"))):
        if not shutil.which(program[0]):
            t.skip(f"{program[0]} is not installed", f"{coding} bombs")
            continue
        if coding == "br":
            yield "br 2 GiB", coding, compressed(program, blanks(2 * GIB)), MOST_STEEP
        yield f"{coding} 200 MiB, under 100:1", coding, compressed(program, gentle()), MOST


BOMBS = "bombs.test"
SITE = 'sites: [{hosts: ["*"],'


class Victims:
    """AT_ONCE visitors that ask for one bomb again and again for some seconds."""

    def __init__(self, proxy, path):
        self.proxy, self.path, self.most, self.count, self.ends = proxy, path, 0, 0, set()
        self.stop_at = time.monotonic() + SECONDS
        self.threads = [threading.Thread(target=self.ask) for _ in range(AT_ONCE)]
        for thread in self.threads:
            thread.start()

    def ask(self):
        while time.monotonic() < self.stop_at:
            with self.proxy.client(host=BOMBS, timeout=30) as c:
                c.ask(self.path, {"Sec-GPC": "1"})
                got, end = self.read(c)
            self.most, self.count = max(self.most, got), self.count + 1
            self.ends.add(end)

    @staticmethod
    def read(c):
        """(bytes of the answer, how it ended); they are counted, not kept."""
        head = c.reader.head()
        got, tail, view = len(c.reader.buf), c.reader.buf[-5:], bytearray(MIB)
        if head.status != 200:
            return 0, str(head.status)
        try:
            while not tail.endswith(b"0\r\n\r\n"):
                n = c.sock.recv_into(view)
                if n == 0:
                    return got, "cut"
                got, tail = got + n, (tail + bytes(view[max(0, n - 5):n]))[-5:]
        except ConnectionResetError:
            return got, "cut"
        return got, "whole"


def run(t):
    origin = harness.Origin()
    t.defer(origin.close)
    quick = tools.Origin(t)
    conf = common.conf(quick.url)
    proxy = t.start(conf.replace(SITE, SITE.replace('"*"', BOMBS) + f' origin: {{url: "{origin.url}"}}}}, {{hosts: ["*"],'))
    origin.on("/warm", harness.answer(START + b"</body>"))
    made = list(bombs(t))
    for _ in range(AT_ONCE):
        proxy.get("/warm", {"Sec-GPC": "1"}, host=BOMBS)
    before, probe, most_memory = proxy.memory(), tools.Probe(t, proxy.port, quick, SECONDS * len(made)), 0
    for i, (name, coding, pieces, most) in enumerate(made):
        def script(conn, _request):
            conn.sendall(harness.head_bytes("HTTP/1.1 200 OK", {"Content-Type": "text/html", "Content-Encoding": coding}))
            for piece in pieces:
                conn.sendall(piece)
            return False

        victims = Victims(proxy, origin.on(f"/bomb{i}", script))
        for thread in victims.threads:
            thread.join()
        sent = sum(map(len, pieces)) / MIB
        ends = ", ".join(sorted(victims.ends))
        t.figure(f"{name}, {sent:.2f} MiB sent", f"{victims.count} {ends}; {victims.most / MIB:.1f} MiB came",
                 f"cut or 502, {most >> 20} MiB at most",
                 victims.count >= AT_ONCE and victims.ends <= {"cut", "502"} and victims.most <= most * 1.05)
    grown = proxy.memory("VmHWM") - before
    t.memory("memory grown at most", f"{grown / MIB:.1f} MiB", "64 MiB", grown <= 64 * MIB)
    probe.tell("", 100)
