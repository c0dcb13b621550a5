"""R10: visitors that are slow on purpose: with their head, with their body, with reading. All three attacks at once,
each against a proxy of its own, so that the test takes the time of one."""
import os
import re
import shutil
import subprocess
import time

import common
import tools

ID = "R10"
TITLE = "slowhttptest header, body, read, 2000 connections each"
QUICK = False

CONNECTIONS, RATE = 2000, 500
CUT_S, PATIENCE_S = 15, 30
# What is slow, slowhttptest's options, and limits other than the default.
ATTACKS = (
    ("header", ["-H", "-i", "3", "-x", "24"], ""),
    ("body", ["-B", "-i", "3", "-x", "24", "-s", "100000"], ""),
    ("read", ["-X", "-w", "16", "-y", "32", "-n", "3", "-z", "16"], ", write_timeout: 10s"),
)


class Attack:
    def __init__(self, t, name, options, limits, want):
        self.t, self.name, self.limits, self.want = t, name, limits, want
        origin = tools.Origin(t)
        conf = common.conf(origin.url, limits=limits).replace("admin.sock", f"{name}.sock")
        self.proxy = t.start(conf, f"{name}.yaml")
        tools.Load(t, self.proxy.port, requests=500, mix="b=1").result()
        self.memory, self.fds = self.proxy.memory(), self.proxy.descriptors()
        self.probe = tools.Probe(t, self.proxy.port, origin, 15)
        self.log = open(os.path.join(t.dir, f"{name}.log"), "w+")
        self.slow = subprocess.Popen(
            ["slowhttptest", "-c", str(want), "-r", str(RATE), "-l", "60", "-p", "5", *options,
             "-u", f"http://127.0.0.1:{self.proxy.port}/b/1000000"], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        t.defer(self.slow.kill)
        self.most, self.came, self.cut = 0, time.monotonic(), None
        self.most_memory = self.memory

    def look(self):
        """True while its connections come or stay."""
        now, fds = time.monotonic(), self.proxy.descriptors() - self.fds
        if fds > self.most + 10:
            self.most, self.came = fds, now
        self.most_memory = max(self.most_memory, self.proxy.memory())
        if self.most > self.want // 2 and fds < self.want // 20:
            self.cut = now - self.came
        return self.cut is None and now - self.came < PATIENCE_S

    def tell(self):
        t = self.t
        self.slow.kill()
        self.slow.wait()
        self.log.seek(0)
        said = re.findall(r"(\w+):\s+(\d+)", re.sub(r"\x1b\[[0-9;]*m", "", self.log.read()))
        opened = max([int(n) for word, n in said if word in ("connected", "closed")], default=0)
        t.figure(f"{self.name}: connections", f"{opened}{self.limits}", f"{self.want}, 9 of 10 at least",
                 opened > self.want * 0.9)
        self.probe.tell(f"{self.name}: ", 50)
        t.figure(f"{self.name}: the last was cut after", f"{self.cut:.1f} s" if self.cut else f"not in {PATIENCE_S} s",
                 f"{CUT_S} s", self.cut is not None and self.cut <= CUT_S)
        each = (self.most_memory - self.memory) / self.want / 1024
        t.memory(f"{self.name}: memory for each", f"{each:.1f} KiB", "64 KiB", each <= 64)


def run(t):
    if not shutil.which("slowhttptest"):
        t.skip("slowhttptest is not installed")
        return
    # A slow body has a connection of the visitor's and one to the origin in the proxy.
    want = min(CONNECTIONS, (tools.most_descriptors() - 500) // 2)
    t.say("connections of each attack", want, f"{CONNECTIONS} where the limit of open files allows")
    attacks = [Attack(t, name, options, limits, want) for name, options, limits in ATTACKS]
    looking = attacks
    while looking:
        looking = [a for a in looking if a.look()]
        time.sleep(0.2)
    for a in attacks:
        a.tell()
