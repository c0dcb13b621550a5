#!/usr/bin/env python3
"""What a request costs, beside nginx and HAProxy: `make bench`.

Measures CPU microseconds (user and system) of the proxy's processes per request, on one machine, interleaved
(A B C A B C ...), so that noise hits all alike. Quote ratios: the median of the pairs of one repetition. Absolute
figures move by half from run to run on a machine with neighbours.

Load, origin and proxy share one core by default (all SCHED_BATCH): the proxy then always has work waiting, and no
wake-ups between cores blur the figure. Everything stays on 127.0.0.1, for a bounded time.
"""
import argparse
import contextlib
import datetime
import gzip
import os
import platform
import re
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get("TACET_BUILD", "build"))
os.environ.setdefault("TACET", os.path.join(BUILD, "tacet"))
sys.path.insert(0, os.path.join(ROOT, "tests"))
from harness import Client, Nginx, Tacet, free_port, get, wait_until  # noqa: E402

CONNECTIONS = 64
PACKED_SIZES = {}
# A browser's request fields, about 900 bytes.
FIELDS = {
    "Host": "www.example.test",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36",
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "Accept-Language": "en-GB,en;q=0.9,de;q=0.8", "Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Site": "same-origin", "Sec-CH-UA": '"Chromium";v="128", "Not;A=Brand";v="24"', "Sec-CH-UA-Mobile": "?0",
    "Upgrade-Insecure-Requests": "1", "Referer": "https://www.example.test/articles/12",
    "Cookie": "sid=" + "a1b2c3d4" * 8 + "; cart=3; theme=dark; _ga=GA1.1.1234567890.1700000000; _fbp=fb.1.1700000000000.123456789"}

SAID_NO, CLOSE, PACKED = {"Sec-GPC": "1"}, {"Connection": "close"}, {"Accept-Encoding": "gzip"}
CASES = {  # name: (path, port, fields, what)
    "h1-1k": ("/1k", "plain", {}, "1 KB, nothing to do"), "h1-14k": ("/14k", "plain", {}, "14 KB page, nothing to do"),
    "h1-100k": ("/100k", "plain", {}, "100 KB page, nothing to do"), "h1-1m": ("/1m", "plain", {}, "1 MB, nothing to do"),
    "conn-1k": ("/1k", "plain", CLOSE, "1 KB, a connection for each request"),
    "gzip-14k": ("/page/14k", "packing", PACKED, "14 KB page, packed at the edge (nginx: level 5)"),
    "filter-14k": ("/page/14k", "filtering", SAID_NO, "14 KB page, visitor said no"),
    "filter-100k": ("/page/100k", "filtering", SAID_NO, "100 KB page, visitor said no")}
# tacet / nginx, what we are after.
GOALS = {"h1-1k": 0.60, "h1-14k": 0.65, "h1-100k": 0.50, "h1-1m": 0.40, "conn-1k": 0.85, "gzip-14k": 0.22, "filter-14k": 0.55, "filter-100k": 0.60}
IDLE = 6000     # connections of the memory figure, if the limit of open files allows them

LITERALS = ["https://www.googletagmanager.com/gtag/js?id=G-TEST000000", "https://px.ads.linkedin.com", "https://www.facebook.com/tr?id=000000000000000",
            "//js.hs-scripts.com/0000000.js", "gtag('config','G-TEST000000');"]


def pin(spread):
    """Runs in a child before its program starts: batch scheduling, on one core unless told otherwise."""
    def set_up():
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        if not spread:
            os.sched_setaffinity(0, {0})
    return set_up


def cpu_ns(pid):
    """Processor time of a process and its children so far, in nanoseconds."""
    total = 0
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError):
                with open(f"/proc/{pid}/task/{task}/schedstat") as f:
                    total += int(f.read().split()[0])
                with open(f"/proc/{pid}/task/{task}/children") as f:
                    total += sum(cpu_ns(int(child)) for child in f.read().split())
    return total


class Peer:
    """A proxy under test: name, process, ports for plain, filtering and packing (None: it has no such thing)."""

    def __init__(self, name, pid, version, stop, **ports):
        self.name, self.pid, self.version, self.stop, self.ports = name, pid, version, stop, ports


PACKING = """version: 1
listen: [{address: "127.0.0.1:0"}]
admin: {address: "127.0.0.1:0"}
sites: [{hosts: ["*"], origin: {url: "%s"}, compress: [gzip]}]
rule_sets: {light: {}, opt-out: {scripts: {remove: [analytics, advertising, personalisation, social]}}}
regions: [{name: rest, where: ["*"], default: light, opted_out: opt-out}]
"""


def start_tacet(origin, scratch, loops):
    """The built-in default configuration; a second proxy packs."""
    path, cores = os.path.join(scratch, "packing.yaml"), os.sched_getaffinity(0)
    with open(path, "w") as f:
        f.write(PACKING % origin)
    os.sched_setaffinity(0, sorted(cores)[:loops])    # it makes one worker for each core it may use
    plain = Tacet("--origin", origin, "--region", "us-tx", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
    packing = Tacet("-c", path)
    os.sched_setaffinity(0, cores)
    version = subprocess.run([os.path.join(BUILD, "tacet"), "version"], capture_output=True, text=True).stdout.strip()

    def stop():
        plain.stop()
        packing.stop()
    peer = Peer("tacet", plain.pid, version.splitlines()[0] if version else "?", stop, plain=plain.port, filtering=plain.port, packing=packing.port)
    peer.packing_pid = packing.pid
    return peer


def start_nginx(origin, scratch, loops):
    if not shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin"):
        return None
    prefix = os.path.join(scratch, "nginx")
    os.makedirs(prefix, exist_ok=True)
    address = origin.removeprefix("http://")
    common = 'proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;'
    subs = " ".join(f'sub_filter "{literal}" "";' for literal in LITERALS)
    other, packing = free_port(), free_port()
    server = Nginx(prefix, scratch, workers=loops, extra=f"location / {{ {common} }}", http=f"""
        keepalive_requests 1000000; proxy_buffer_size 32k; proxy_buffers 8 32k; proxy_busy_buffers_size 64k;
        proxy_max_temp_file_size 0; upstream origin {{ server {address}; keepalive 128; keepalive_requests 1000000; }}
        server {{ listen 127.0.0.1:{other}; location / {{ {common} sub_filter_once off; {subs} }} }}
        server {{ listen 127.0.0.1:{packing}; gzip on; gzip_comp_level 5; gzip_proxied any; location / {{ {common} }} }}""")
    version = subprocess.run(["nginx", "-v"], capture_output=True, text=True,
                             env=dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin")).stderr.strip()
    return Peer("nginx", server.proc.pid, version.removeprefix("nginx version: "), server.stop,
                plain=server.port, filtering=other, packing=packing)


def files_allowed():
    """As many as the system lets us and our children open, but no more than we need."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(hard, 40000)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return max(soft, wanted)


def start_haproxy(origin, scratch, loops):
    binary = shutil.which("haproxy", path=os.environ["PATH"] + ":/usr/sbin")
    if not binary:
        return None
    port, path = free_port(), os.path.join(scratch, "haproxy.cfg")
    with open(path, "w") as f:
        f.write(f"""global
    nbthread {loops}
    maxconn {files_allowed() // 2 - 100}
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
    http-reuse always
listen plain
    bind 127.0.0.1:{port}
    server origin {origin.removeprefix("http://")}
""")
    proc = subprocess.Popen([binary, "-db", "-q", "-f", path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    version = subprocess.run([binary, "-v"], capture_output=True, text=True).stdout.split(" ")[2]

    def stop():
        proc.kill()
        proc.wait()
    return Peer("haproxy", proc.pid, f"HAProxy {version}", stop, plain=port)


def start_relay(origin, _scratch, _loops):
    """The floor: bytes handed over unread, one loop whatever is asked for."""
    proc = subprocess.Popen([os.path.join(BUILD, "bench", "relay"), origin.rsplit(":", 1)[1]], stdout=subprocess.PIPE, text=True)

    def stop():
        proc.kill()
        proc.wait()
    return Peer("relay", proc.pid, "relay (bytes handed over unread)", stop, plain=int(proc.stdout.readline().split()[1]))


def start_origin(spread):
    proc = subprocess.Popen([os.path.join(BUILD, "bench", "origin")], stdout=subprocess.PIPE, text=True, preexec_fn=pin(spread))
    return proc, "http://127.0.0.1:" + proc.stdout.readline().split()[1]


def measure(peer, case, seconds, spread):
    """CPU microseconds per request of one repetition, or None where the peer has no such case."""
    path, kind, extra, _ = CASES[case]
    port, pid = peer.ports.get(kind), getattr(peer, f"{kind}_pid", peer.pid)
    if port is None:
        return None
    fields = dict(FIELDS, **extra)
    argv = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "30s", *[x for n, v in fields.items() for x in ("-H", f"{n}: {v}")],
            f"http://127.0.0.1:{port}{path}"]
    before = cpu_ns(pid)
    out = subprocess.run(argv, capture_output=True, text=True, preexec_fn=pin(spread), timeout=seconds + 60).stdout
    used = cpu_ns(pid) - before
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)", out)
    requests = int(re.search(r"(\d+) requests in", out)[1])
    if bad or not requests:
        raise SystemExit(f"{peer.name} {case}: {bad[0] if bad else out}")
    return used / 1000 / requests


def listens(port):
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    return False


def check(peers, origin, cases):
    """All answer alike before anything is measured."""
    for peer in peers:
        for case in cases:
            path, kind, fields, _ = CASES[case]
            port = peer.ports.get(kind)
            if port is None:
                continue
            body = get(port, path, fields).body
            if kind == "packing":
                PACKED_SIZES[peer.name] = len(body)
                body = gzip.decompress(body)
            if kind == "filtering" and b"js.hs-scripts.com" in body:
                raise SystemExit(f"{peer.name} {case}: the trackers are still there")
            if kind != "filtering" and body != get(int(origin.rsplit(":", 1)[1]), path).body:
                raise SystemExit(f"{peer.name} {case}: another body than the origin's")


def pss(pid):
    """KiB of memory of a process and its children."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with contextlib.suppress(OSError):
            with open(f"/proc/{pid}/task/{task}/children") as f:
                total += sum(pss(int(child)) for child in f.read().split())
    with open(f"/proc/{pid}/smaps_rollup") as f:
        return total + int(re.search(r"^Pss:\s+(\d+)", f.read(), re.M)[1])


def idle_memory(peer, n):
    """KiB that one idle keep-alive connection costs, after its first request."""
    before, open_ones = pss(peer.pid), []
    try:
        for _ in range(n):
            c = Client(peer.ports["plain"])
            open_ones.append(c)
            if c.get("/1k", FIELDS).status != 200:
                raise SystemExit(f"{peer.name}: an idle connection was not served")
        return (pss(peer.pid) - before) / n
    finally:
        for c in open_ones:
            c.close()


def idle_table(peers):
    n = min(IDLE, files_allowed() // 3)
    figures = [f"{p.name} {idle_memory(p, n):.2f}" for p in peers]
    return f"Memory (growth of Pss) per idle keep-alive connection, KiB, {n} connections: " + ", ".join(figures) + "."


def adopt(pid, spread):
    """Puts a proxy that runs already where the load is."""
    for task in os.listdir(f"/proc/{pid}/task"):
        with contextlib.suppress(OSError):
            os.sched_setscheduler(int(task), os.SCHED_BATCH, os.sched_param(0))
        if not spread:
            os.sched_setaffinity(int(task), {0})
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children") as f:
            for child in f.read().split():
                adopt(int(child), spread)


def run(cases, peers, reps, seconds, spread):
    """{case: {peer: [figure of each repetition]}}"""
    figures = {c: {p.name: [] for p in peers} for c in cases}
    for rep in range(reps + 1):
        for case in cases:
            for peer in peers:
                us = measure(peer, case, seconds, spread)
                if us is not None and rep > 0:  # the first round warms up
                    figures[case][peer.name].append(us)
        print(f"round {rep} of {reps}" + (" (warm-up)" if rep == 0 else ""), file=sys.stderr, flush=True)
    return figures


def ratio(by, other):
    """The median of tacet's pairs with another, or None."""
    pairs = [a / b for a, b in zip(by["tacet"], by[other])]
    return statistics.median(pairs) if pairs else None


def verdict(goal, reached):
    """Two cells: what was aimed at, and whether it was hit."""
    return ["", ""] if goal is None or reached is None else [f"{goal:g}", "ok" if reached <= goal else "missed"]


def table(figures, names, goals):
    """Lines of a Markdown table: least figure of each, tacet's paired ratio to the others, and the goal for that to nginx."""
    others = [n for n in names if n != "tacet"]
    lines = ["| case | " + " | ".join(f"{n} us" for n in names) + " | " + " | ".join(f"tacet / {n}" for n in others) + " | goal (nginx) | |",
             "| --- |" + " ---: |" * (len(names) + len(others) + 1) + " --- |"]
    for case, by in figures.items():
        least = [f"{min(by[n]):.1f}" if by[n] else "" for n in names]
        ratios = {n: ratio(by, n) for n in others}
        cells = ["" if r is None else f"{r:.2f}" for r in ratios.values()]
        lines.append(f"| {case} | " + " | ".join(least + cells + verdict(goals.get(case), ratios.get("nginx"))) + " |")
    return lines


def machine():
    with open("/proc/cpuinfo") as f:
        model = re.search(r"model name\s*: (.*)", f.read())
    return f"{os.cpu_count()} x {model[1] if model else platform.machine()}, Linux {platform.release()}"


def report(figures, peers, args, idle):
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    lines = [f"# CPU per request, {datetime.date.today()}", "",
             f"Machine: {machine()}. Versions: {', '.join(p.version for p in peers)}; commit {commit or '?'}.", "",
             f"CPU microseconds (user and system) of the proxy's processes per request, least of {args.reps} interleaved repetitions of "
             f"{args.seconds} s; ratios are medians of the pairs of a repetition. {args.loops} worker(s) each, keep-alive on both sides, {CONNECTIONS} connections, "
             "no access logs, own lean origin, load by wrk, " + ("spread over the cores." if args.spread else "all on one core.") +
             " In the filter cases nginx removes five literals by `sub_filter`; tacet parses the page and applies all its rules.", "",
             *table(figures, [p.name for p in peers], GOALS), "", "Cases: " + "; ".join(f"{c}: {CASES[c][3]}" for c in figures) + ".",
             "Bytes of the packed page: " + ", ".join(f"{n} {size:,}" for n, size in PACKED_SIZES.items()) + ".", idle]
    return "\n".join(lines) + "\n"


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--cases", default=",".join(CASES))
    ap.add_argument("--reps", type=int, default=7)
    ap.add_argument("--seconds", type=int, default=1, help="of each repetition")
    ap.add_argument("--spread", action="store_true", help="over all cores, rather than all on one")
    ap.add_argument("--loops", type=int, default=1, help="workers of each proxy; more than 1 implies --spread")
    ap.add_argument("--quick", action="store_true", help="whether it works: 3 repetitions")
    ap.add_argument("--save", action="store_true", help="as bench/results/DATE.md")
    args = ap.parse_args()
    args.reps = 3 if args.quick else args.reps
    files_allowed()
    cases = args.cases.split(",")
    args.spread |= args.loops > 1
    if not shutil.which("wrk"):
        raise SystemExit("wrk is not installed: run 'make setup'")
    with tempfile.TemporaryDirectory() as scratch:
        origin_proc, origin = start_origin(args.spread)
        peers = [p for p in (start(origin, scratch, args.loops) for start in (start_tacet, start_nginx, start_haproxy, start_relay)) if p]
        try:
            for port in [port for p in peers for port in p.ports.values()]:
                wait_until(lambda port=port: listens(port), f"somebody listens on port {port}")
            check(peers, origin, cases)
            for peer in peers:
                adopt(peer.pid, args.spread)
                adopt(getattr(peer, "packing_pid", peer.pid), args.spread)
            figures = run(cases, peers, args.reps, args.seconds, args.spread)
            text = report(figures, peers, args, idle_table(peers))
        finally:
            for peer in peers:
                peer.stop()
            origin_proc.kill()
            origin_proc.wait()
    print(text)
    if args.save:
        path = os.path.join(ROOT, "bench", "results", f"{datetime.date.today()}" + (f"-{args.loops}-loops" if args.loops > 1 else "") + ".md")
        with open(path, "w") as f:
            f.write(text)
        print(f"saved as {os.path.relpath(path, ROOT)}")


if __name__ == "__main__":
    main()
