#!/usr/bin/env python3
"""What TLS and HTTP/2 cost, beside nginx and HAProxy: part of `make bench`.

As run.py: CPU microseconds (user and system) of the proxy's processes, interleaved, ratios of the pairs of one repetition,
everything on one core. All speak TLS 1.3 with TLS_AES_128_GCM_SHA256, X25519 and the same certificate, made here;
session tickets are as each of them has them by itself: on. A figure per request is the difference between a long load and
one that asks once on each connection, so that no handshake is in it; those have rows of their own.
"""
import argparse
import contextlib
import datetime
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("TACET_TEST_DEADLINE", "120")  # it starts slowly when instructions are counted
from run import BUILD, FIELDS, ROOT, Peer, adopt, cpu_ns, files_allowed, listens, machine, pin, pss, start_origin, table, verdict  # noqa: E402
from certificates import openssl  # noqa: E402
from h2 import H2  # noqa: E402
from harness import Client, Nginx, Tacet, free_port, get, wait_until  # noqa: E402
from tls import TlsClient, context  # noqa: E402

HOST = "www.example.test"
SUITE = "TLS_AES_128_GCM_SHA256"
ASKED = [x for n, v in FIELDS.items() if n != "Host" for x in ("-H", f"{n}: {v}")]
H1 = ["--h1", "-c64", "-m1"]
SINGLE, MANY = ["-c64", "-m1"], ["-c16", "-m10"]
CASES = {  # name: (how, port, path, requests in a second or so, goal: tacet / nginx, what)
    "tls-1k": (H1, "tls", "/1k", 16000, None, "HTTP/1.1 by TLS, 1 KB"),
    "tls-14k": (H1, "tls", "/14k", 12000, 0.72, "14 KB page"),
    "tls-100k": (H1, "tls", "/100k", 4000, 0.75, "100 KB page"),
    "h2-1k-m1": (SINGLE, "tls", "/1k", 16000, None, "HTTP/2 by TLS, 1 KB, 64 connections of one stream at a time"),
    "h2-1k-m10": (MANY, "tls", "/1k", 16000, None, "16 connections of ten streams"),
    "h2-14k-m1": (SINGLE, "tls", "/14k", 12000, 0.80, "14 KB page"),
    "h2-14k-m10": (MANY, "tls", "/14k", 12000, 0.80, "14 KB page"),
    "h2-100k-m1": (SINGLE, "tls", "/100k", 4000, None, "100 KB page"),
    "h2-100k-m10": (MANY, "tls", "/100k", 4000, None, "100 KB page"),
    "handshake-ec": ("full", "tls", "/1k", 1024, 0.87, "a connection, full handshake with ECDSA P-256, 1 KB"),
    "handshake-rsa": ("full", "rsa", "/1k", 640, None, "the same with RSA 2048"),
    "resumed-1k": ("resume", "tls", "/1k", 300, None, "a connection after the other, each with the session that the one before was given, if any, and closed by the proxy"),
    "origin-tls-14k": (H1, "inner", "/14k", 12000, None, "HTTP/1.1 in clear to visitors, by TLS to the origin, which is verified")}
GOALS = {name: row[4] for name, row in CASES.items()}
PARTS = ("load", "memory", "instructions")
IDLE = 2000                        # connections of the memory figures
IDLE_GOAL = {"TLS": 14.5, "HTTP/2": None}  # KiB
COUNTED, INSTRUCTIONS = 500, 14000   # requests whose instructions are counted; goal for each

RESUMED = {}                     # name: [connections, those resumed]


class Setting:
    """What all peers are given: files, the origin in clear and the one behind TLS."""

    def __init__(self, scratch):
        self.scratch = scratch
        self.cert, self.key = self.certificate("ec", HOST, "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
        self.rsa_cert, self.rsa_key = self.certificate("rsa", HOST, "rsa:2048")
        self.inner_cert, self.inner_key = self.certificate("inner", "origin.test", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
        self.proc, self.origin = start_origin(False)
        self.port = int(self.origin.rsplit(":", 1)[1])
        folder = self.folder("www")
        with open(os.path.join(folder, "14k"), "wb") as f:
            f.write(get(self.port, "/14k").body)
        self.inner_port = free_port()
        self.inner = Nginx(self.folder("inner"), folder, workers=1, http=f"""
            keepalive_requests 100000000; keepalive_timeout 600s; open_file_cache max=100; ssl_conf_command Ciphersuites {SUITE};
            server {{ listen 127.0.0.1:{self.inner_port} ssl; ssl_certificate {self.inner_cert}; ssl_certificate_key {self.inner_key};
                      root "{folder}"; default_type text/html; }}""")
        adopt(self.inner.proc.pid, False)

    def path(self, name):
        return os.path.join(self.scratch, name)

    def folder(self, name):
        os.makedirs(self.path(name), exist_ok=True)
        return self.path(name)

    def file(self, name, text):
        with open(self.path(name), "w") as f:
            f.write(text)
        return self.path(name)

    def certificate(self, name, host, *newkey):
        cert, key = self.path(f"{name}.pem"), self.path(f"{name}.key")
        openssl("req", "-x509", "-newkey", *newkey, "-nodes", "-keyout", key, "-out", cert, "-days", "2", "-subj", f"/CN={host}",
                "-addext", f"subjectAltName=DNS:{host}")
        return cert, key

    def stop(self):
        self.inner.stop()
        self.proc.kill()
        self.proc.wait()


# ---- the proxies ------------------------------------------------------------------------------------

def configured(setting, name, listen, url):
    """The configuration that is built in, with other listeners and another origin, and connections that stay."""
    with open(os.path.join(ROOT, "conf", "tacet.yaml")) as f:
        text = f.read()
    for old, new in ((r'^  - \{address: "0.0.0.0:8080"\}.*$', listen), (r'^      url: "http://127.0.0.1:3000".*$', url),
                     (r"^  keepalive_requests: .*$", "  keepalive_requests: 100000000"), (r"^  idle_timeout: .*$", "  idle_timeout: 10 min")):
        text, n = re.subn(old, lambda _, new=new: new, text, flags=re.M)
        if n != 1:
            raise SystemExit(f"conf/tacet.yaml has {n} lines like {old}")
    return "-c", setting.file(name, text), "--region", "us-tx", "--admin", "127.0.0.1:0"


def start_tacet(setting):
    """In the region of the rows without TLS, where nothing is removed; a second one has the origin behind TLS."""
    plain, tls, rsa, inner = (free_port() for _ in range(4))
    outer = configured(setting, "outer.yaml", f"""
  - {{address: "127.0.0.1:{plain}"}}
  - {{address: "127.0.0.1:{tls}", tls: {{cert: {setting.cert}, key: {setting.key}}}}}
  - {{address: "127.0.0.1:{rsa}", tls: {{cert: {setting.rsa_cert}, key: {setting.rsa_key}}}}}""", f'      url: "{setting.origin}"')
    to_inner = configured(setting, "inner.yaml", f'  - {{address: "127.0.0.1:{inner}"}}', f"""
      url: "https://127.0.0.1:{setting.inner_port}"
      tls: {{ca: {setting.inner_cert}, name: origin.test}}""")
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(cores)[:1])  # one worker for each core it may use
    try:
        first = Tacet(*outer)
        second = Tacet(*to_inner)
    finally:
        os.sched_setaffinity(0, cores)

    def stop():
        first.stop()
        second.stop()
    version = subprocess.run([os.path.join(BUILD, "tacet"), "version"], capture_output=True, text=True).stdout.strip()
    peer = Peer("tacet", first.pid, version.splitlines()[0] if version else "?", stop, plain=plain, tls=tls, rsa=rsa, inner=inner)
    peer.inner_pid = second.pid
    return peer


def start_nginx(setting):
    plain, tls, rsa, inner = (free_port() for _ in range(4))
    common = 'proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;'
    keep = "keepalive 256; keepalive_requests 100000000; keepalive_timeout 600s;"
    trust = f"proxy_ssl_verify on; proxy_ssl_trusted_certificate {setting.inner_cert}; proxy_ssl_name origin.test; proxy_ssl_server_name on;"
    server = Nginx(setting.folder("nginx"), setting.scratch, workers=1, http=f"""
        keepalive_requests 100000000; keepalive_timeout 600s; ssl_protocols TLSv1.2 TLSv1.3; ssl_conf_command Ciphersuites {SUITE};
        proxy_buffer_size 32k; proxy_buffers 8 32k; proxy_busy_buffers_size 64k; proxy_max_temp_file_size 0; {common}
        upstream origin {{ server 127.0.0.1:{setting.port}; {keep} }}
        upstream inner {{ server 127.0.0.1:{setting.inner_port}; {keep} }}
        server {{ listen 127.0.0.1:{plain}; location / {{ proxy_pass http://origin; }} }}
        server {{ listen 127.0.0.1:{tls} ssl http2; ssl_certificate {setting.cert}; ssl_certificate_key {setting.key};
                  location / {{ proxy_pass http://origin; }} }}
        server {{ listen 127.0.0.1:{rsa} ssl http2; ssl_certificate {setting.rsa_cert}; ssl_certificate_key {setting.rsa_key};
                  location / {{ proxy_pass http://origin; }} }}
        server {{ listen 127.0.0.1:{inner}; location / {{ proxy_pass https://inner; {trust} }} }}""")
    version = subprocess.run(["nginx", "-v"], capture_output=True, text=True,
                             env=dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin")).stderr.strip()
    return Peer("nginx", server.proc.pid, version.removeprefix("nginx version: "), server.stop, plain=plain, tls=tls, rsa=rsa, inner=inner)


def start_haproxy(setting):
    binary = shutil.which("haproxy", path=os.environ["PATH"] + ":/usr/sbin")
    plain, tls, rsa, inner = (free_port() for _ in range(4))
    both = {}
    for name, cert, key in (("ec", setting.cert, setting.key), ("rsa", setting.rsa_cert, setting.rsa_key)):
        with open(cert) as c, open(key) as k:
            both[name] = setting.file(f"{name}-both.pem", c.read() + k.read())
    path = setting.file("haproxy.cfg", f"""global
    nbthread 1
    maxconn {files_allowed() // 2 - 100}
    ssl-default-bind-ciphersuites {SUITE}
defaults
    mode http
    timeout connect 5s
    timeout client 600s
    timeout server 600s
    timeout http-keep-alive 600s
    http-reuse always
frontend visitors
    bind 127.0.0.1:{plain}
    bind 127.0.0.1:{tls} ssl crt {both["ec"]} alpn h2,http/1.1
    bind 127.0.0.1:{rsa} ssl crt {both["rsa"]} alpn h2,http/1.1
    default_backend origin
backend origin
    server origin 127.0.0.1:{setting.port} pool-max-conn 256 pool-purge-delay 600s
listen inner
    bind 127.0.0.1:{inner}
    server inner 127.0.0.1:{setting.inner_port} ssl verify required ca-file {setting.inner_cert} verifyhost origin.test sni str(origin.test) pool-max-conn 256 pool-purge-delay 600s
""")
    proc = subprocess.Popen([binary, "-db", "-q", "-f", path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    version = subprocess.run([binary, "-v"], capture_output=True, text=True).stdout.split(" ")[2]

    def stop():
        proc.kill()
        proc.wait()
    return Peer("haproxy", proc.pid, f"HAProxy {version}", stop, plain=plain, tls=tls, rsa=rsa, inner=inner)


def starters():
    have = {name: shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin") for name in ("nginx", "haproxy")}
    for name, path in have.items():
        if not path:
            print(f"skipped: {name} is missing: run 'make setup'", file=sys.stderr)
    return [start_tacet] + [start for name, start in (("nginx", start_nginx), ("haproxy", start_haproxy)) if have[name]]


def started(start, setting):
    peer = start(setting)
    for port in peer.ports.values():
        wait_until(lambda port=port: listens(port), f"{peer.name} listens on port {port}")
    for pid in (peer.pid, getattr(peer, "inner_pid", peer.pid)):
        adopt(pid, False)
    return peer


def check(peers, setting):
    """All answer alike before anything is measured."""
    for peer in peers:
        for kind in ("tls", "rsa"):
            with TlsClient(peer.ports[kind]) as c:
                if c.sock.cipher()[0] != SUITE:
                    raise SystemExit(f"{peer.name}: another cipher: {c.sock.cipher()[0]}")
                same(peer, kind, c.get("/14k", FIELDS).body, get(setting.port, "/14k").body)
        with H2(peer.ports["tls"], tls=True) as c:
            s = c.open("/14k")
            c.until(lambda: s.over)
            same(peer, "HTTP/2", bytes(s.body), get(setting.port, "/14k").body)
        same(peer, "inner", get(peer.ports["inner"], "/14k").body, get(setting.port, "/14k").body)


def same(peer, what, body, wanted):
    if body != wanted:
        raise SystemExit(f"{peer.name} {what}: another body than the origin's")


# ---- figures per request ----------------------------------------------------------------------------

def h2load(peer, pid, how, url, port, n):
    """Nanoseconds of the proxy's processes for n requests."""
    argv = ["h2load", "-t1", *how, f"-n{n}", f"--tls13-ciphers={SUITE}", "--groups=X25519", f"--connect-to=127.0.0.1:{port}", *ASKED, url]
    before = cpu_ns(pid)
    out = subprocess.run(argv, capture_output=True, text=True, preexec_fn=pin(False), timeout=120).stdout
    used = cpu_ns(pid) - before
    wanted = "Application protocol: " + ("http/1.1" if "--h1" in how else "h2")
    if f"{n} succeeded, 0 failed, 0 errored" not in out or f"status codes: {n} 2xx" not in out or wanted not in out:
        raise SystemExit(f"{peer.name} {url} {how}: {out}")
    if url.startswith("https") and f"Cipher: {SUITE}" not in out:
        raise SystemExit(f"{peer.name}: another cipher: {out}")
    return used


def per_request(peer, pid, how, kind, path, n):
    """Without what opening the connections costs."""
    connections = int(next(a for a in how if a.startswith("-c"))[2:])
    url = ("http" if kind == "inner" else "https") + f"://{HOST}{path}"
    n = max(n, 4 * connections)
    few = h2load(peer, pid, how, url, peer.ports[kind], connections)
    return (h2load(peer, pid, how, url, peer.ports[kind], n) - few) / 1000 / (n - connections)


def per_handshake(peer, pid, kind, path, n):
    """Connections that ask once. The sessions of one load are not offered by the next."""
    url, each = f"https://{HOST}{path}", 128
    rounds = max(1, n // each)
    return sum(h2load(peer, pid, ["--h1", f"-c{each}", "-m1"], url, peer.ports[kind], each) for _ in range(rounds)) / 1000 / (rounds * each)


def per_resumed(peer, pid, kind, path, n):
    """One connection after the other, as a browser's: a session is used once (RFC 8446, C.4), and the last one given is kept."""
    ctx, session, used = context(), None, None
    count = RESUMED.setdefault(peer.name, [0, 0])
    for i in range(n + 1):
        if i == 1:
            before = cpu_ns(pid)
        with TlsClient(peer.ports[kind], ctx=ctx, session=session) as c:
            if c.get(path, dict(FIELDS, Connection="close")).status != 200:
                raise SystemExit(f"{peer.name}: a connection that may resume was not served")
            if i > 0:
                count[0] += 1
                count[1] += c.sock.session_reused
            if session is not None:
                used = session.id
            session = c.sock.session
        if session is not None and session.id == used:
            session = None
    return (cpu_ns(pid) - before) / 1000 / n


def measure(peer, case, scale):
    how, kind, path, n, _, _ = CASES[case]
    pid = getattr(peer, f"{kind}_pid", peer.pid)
    if how == "full":
        return per_handshake(peer, pid, kind, path, int(n * scale))
    if how == "resume":
        return per_resumed(peer, pid, kind, path, max(10, int(n * scale)))
    return per_request(peer, pid, how, kind, path, int(n * scale))


def load(cases, reps, scale, setting):
    """{case: {peer: [figure of each repetition]}} and the versions; the first round warms up."""
    peers = []
    try:
        for start in starters():
            peers.append(started(start, setting))
        check(peers, setting)
        figures = {c: {p.name: [] for p in peers} for c in cases}
        for rep in range(reps + 1):
            for case in cases:
                for peer in peers:
                    us = measure(peer, case, scale if rep else scale / 4)
                    if rep:
                        figures[case][peer.name].append(us)
                if rep == 0:
                    RESUMED.clear()
            print(f"round {rep} of {reps}" + (" (warm-up)" if rep == 0 else ""), file=sys.stderr, flush=True)
        return figures, [p.version for p in peers]
    finally:
        for peer in peers:
            peer.stop()


# ---- memory -----------------------------------------------------------------------------------------

def idle_tls(port):
    c = TlsClient(port, ctx=idle_tls.ctx)
    return c, c.get("/1k", FIELDS).status


def idle_h2(port):
    c = H2(port, tls=True, ctx=idle_h2.ctx)
    s = c.open("/1k", [(n.lower(), v) for n, v in FIELDS.items() if n != "Host"])
    c.until(lambda: s.over)
    return c, s.status


def idle(peer, connect, n):
    """KiB that one idle connection costs after its first request, in a process that has served a few."""
    open_ones = []
    try:
        for i in range(n + 50):
            if i == 50:
                before = pss(peer.pid)
            c, status = connect(peer.ports["tls"])
            open_ones.append(c)
            if status != 200:
                raise SystemExit(f"{peer.name}: an idle connection was not served")
        time.sleep(2)  # what it gives back when nothing happens, it has given back
        return (pss(peer.pid) - before) / n
    finally:
        for c in open_ones:
            c.close()


def memory(n, setting):
    """Lines of a table. Every figure is of a process that has done nothing before."""
    idle_tls.ctx, idle_h2.ctx = context(), context(alpn=("h2",))
    n = min(n, files_allowed() // 3)
    rows = {}
    for kind, connect in (("TLS", idle_tls), ("HTTP/2", idle_h2)):
        rows[kind] = {}
        for start in starters():
            peer = started(start, setting)
            try:
                rows[kind][peer.name] = idle(peer, connect, n)
            finally:
                peer.stop()
    names = list(rows["TLS"])
    lines = [f"Memory (growth of Pss) per idle connection, {n} connections of a fresh process, KiB:", "",
             "| connection | " + " | ".join(names) + " | goal | |", "| --- |" + " ---: |" * (len(names) + 1) + " --- |"]
    for kind, by in rows.items():
        lines.append(f"| {kind} | " + " | ".join([f"{by[name]:.1f}" for name in names] + verdict(IDLE_GOAL[kind], by["tacet"])) + " |")
    return lines


# ---- instructions -----------------------------------------------------------------------------------

def control(pid, *args):
    ran = subprocess.run(["callgrind_control", *args, str(pid)], capture_output=True, text=True, timeout=60)
    if ran.returncode != 0:
        raise SystemExit(f"callgrind_control: {ran.stderr or ran.stdout}")


# A long "rep stosb" would be counted as one instruction for each byte.
TUNABLES = "glibc.cpu.x86_rep_stosb_threshold=1000000000:glibc.cpu.x86_rep_movsb_threshold=1000000000"


def dumped(folder):
    return {name for name in os.listdir(folder) if name.startswith("counted.")}


def counted(path):
    """All, but what the clock does: its ticks, which are many in a process that is so slow."""
    with open(path) as f:
        every = int(re.search(r"^(?:totals|summary): (\d+)", f.read(), re.M)[1])
    out = subprocess.run(["callgrind_annotate", "--inclusive=yes", "--threshold=100", "--auto=no", path], capture_output=True, text=True, check=True).stdout
    tick = re.search(r"^ *([\d,]+) .*\bloop\.c:on_tick\b", out, re.M)
    return every - (int(tick[1].replace(",", "")) if tick else 0)


def instructions(setting):
    """Lines of a table: user-space instructions of a 1 KB request of one keep-alive connection, by callgrind."""
    if not shutil.which("valgrind"):
        return ["Instructions: skipped, valgrind is not installed."]
    folder = setting.folder("callgrind")
    wrapper = setting.file("counting", f"#!/bin/sh\nexport GLIBC_TUNABLES={TUNABLES}\nexec valgrind -q --tool=callgrind --callgrind-out-file={folder}/counted {os.environ['TACET']} \"$@\"\n")
    os.chmod(wrapper, 0o755)
    lines = ["User-space instructions of a request of 1 KB (callgrind; one connection, all that the default configuration does; "
             "TLS: with its cipher; ticks of the clock left out):", "", "| request | instructions | goal | |", "| --- | ---: | ---: | --- |"]
    before, os.environ["TACET"] = os.environ["TACET"], wrapper
    try:
        peer = start_tacet(setting)
    finally:
        os.environ["TACET"] = before
    try:
        for what, goal, ask, close in asking(peer):
            with contextlib.closing(close):
                for _ in range(50):
                    ask()
                control(peer.pid, "-z")
                for _ in range(COUNTED):
                    ask()
                old = dumped(folder)
                control(peer.pid, "-d")
            new = wait_until(lambda old=old: dumped(folder) - old, "what callgrind counted")
            each = counted(os.path.join(folder, new.pop())) / COUNTED
            lines.append(f"| {what} | " + " | ".join([f"{each:,.0f}", *verdict(goal, each)]) + " |")
    finally:
        peer.stop()
    return lines


def asking(peer):
    """(what, goal, a function that asks once, what to close)"""
    fields = [(n.lower(), v) for n, v in FIELDS.items() if n != "Host"]
    plain, tls, h2 = Client(peer.ports["plain"]), TlsClient(peer.ports["tls"]), H2(peer.ports["tls"], tls=True)

    def one_h2():
        h2.frames.clear()
        h2.frames.append((4, 0, 0, b""))  # its first frame, which it wants to have seen
        all_fields = h2.pseudo("/1k") + fields
        sid, h2.next_sid = h2.next_sid, h2.next_sid + 2
        s = h2.stream(sid)
        h2.frame(1, 5, sid, h2.encoder.encode(all_fields))  # HEADERS, as browsers pack them
        h2.until(lambda: s.over)
        del h2.streams[sid]
    return [("HTTP/1.1", INSTRUCTIONS, lambda: plain.get("/1k", FIELDS), plain), ("HTTP/1.1 by TLS", None, lambda: tls.get("/1k", FIELDS), tls),
            ("HTTP/2 by TLS", None, one_h2, h2)]


# ---- report -----------------------------------------------------------------------------------------

def report(args, setting):
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    lines = ["## TLS and HTTP/2", ""]
    if "load" in args.parts:
        figures, versions = load(args.cases, args.reps, args.scale, setting)
        lines += [f"Machine: {machine()}, load average {os.getloadavg()[0]:.1f} at the end. Versions: {', '.join(versions)}; commit {commit or '?'}.", "",
                  f"CPU microseconds (user and system) of the proxy's processes per request (handshakes: per connection), least of {args.reps} interleaved "
                  f"repetitions; ratios are medians of the pairs of a repetition. One worker each, all on one core, TLS 1.3 with {SUITE} and X25519, the same "
                  "certificate (P-256 unless said), keep-alive without limit, session tickets on. Load by h2load (resumed: Python); what "
                  "opening the connections costs is taken off, where it is not what is asked.", "",
                  *table(figures, list(next(iter(figures.values()))), GOALS), "",
                  "Cases: " + "; ".join(f"{c}: {CASES[c][5]}" for c in figures) + ".", *notes(figures), ""]
    if "memory" in args.parts:
        lines += [*memory(args.idle, setting), ""]
    if "instructions" in args.parts:
        lines += [*instructions(setting), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def notes(figures):
    lines = []
    for case in figures:
        if case.startswith("handshake"):
            rates = ", ".join(f"{name} {1e6 / statistics.median(f):,.0f}" for name, f in figures[case].items())
            lines.append(f"{case}: per second of one core, by the median: {rates}.")
    if RESUMED:
        lines.append("Connections resumed, where each session is used once, as by browsers: " +
                     ", ".join(f"{name} {100 * got / asked:.1f} %" for name, (asked, got) in RESUMED.items()) + " (goal: 95 %).")
    return lines


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--cases", default=",".join(CASES))
    ap.add_argument("--parts", default=",".join(PARTS))
    ap.add_argument("--reps", type=int, default=7)
    ap.add_argument("--scale", type=float, default=1, help="of the numbers of requests: 1 is about a second for each figure")
    ap.add_argument("--idle", type=int, default=IDLE, help="connections of the memory figures")
    ap.add_argument("--quick", action="store_true", help="whether it works: 3 short repetitions")
    ap.add_argument("--save", action="store_true", help="at the end of bench/results/DATE.md")
    args = ap.parse_args()
    if args.quick:
        args.reps, args.scale, args.idle = 3, 0.2, 300
    args.cases, args.parts = args.cases.split(","), args.parts.split(",")
    unknown = [x for x in args.cases if x not in CASES] + [x for x in args.parts if x not in PARTS]
    if unknown:
        raise SystemExit(f"not known: {unknown}")
    if not shutil.which("h2load"):
        raise SystemExit("h2load is not installed: run 'make setup'")
    files_allowed()
    with tempfile.TemporaryDirectory() as scratch:
        setting = Setting(scratch)
        try:
            text = report(args, setting)
        finally:
            setting.stop()
    print(text)
    if args.save:
        with open(os.path.join(ROOT, "bench", "results", f"{datetime.date.today()}.md"), "a") as f:
            f.write("\n" + text)


if __name__ == "__main__":
    main()
