"""The load and the origin in C (load.c, origin.c), for tests that Python is too slow for."""
import json
import os
import resource
import subprocess

import harness

BUILT = os.path.join(harness.ROOT, "build", "reliability")


def most_descriptors():
    """Raises this process's limit, and that of all it starts, as far as it goes; what it is now."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def with_origin_keys(conf, keys):
    """A configuration of common.conf() whose origin has more keys, such as "connections: 64"."""
    return conf.replace("origin: {", f"origin: {{{keys}, ", 1)


class Phase:
    """What became of the requests of one phase: the members of load's JSON."""

    def __init__(self, members):
        self.members = members

    def __getattr__(self, name):
        return self.members[name]

    @property
    def bad(self):
        return self.failed + self.foreign

    def text(self):
        """How many failed, and of what."""
        why = {"cut": self.cut, "late": self.late, "unsent": self.unsent, "foreign": self.foreign, **self.statuses}
        told = ", ".join(f"{n} {name}" for name, n in why.items() if n and name not in ("200", "304", "404"))
        return f"{self.bad} of {self.sent}" + (f": {told}" if self.bad else "")


class Load:
    """Visitors that run beside the test. Options are load.c's: requests=1000, mix="g=1", fresh=True."""

    def __init__(self, t, port, **options):
        argv = [os.path.join(BUILT, "load"), "--port", str(port)]
        for name, value in options.items():
            argv += [f"--{name.replace('_', '-')}"] + ([] if value is True else [str(value)])
        self.proc = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        t.defer(self.proc.kill)

    def phases(self):
        """Waits for the end."""
        out, _ = self.proc.communicate()
        assert self.proc.returncode == 0, f"load ended with {self.proc.returncode}"
        return [Phase(p) for p in json.loads(out)]

    def result(self):
        return self.phases()[0]


class Origin:
    """origin.c with some of its options: slots=64, service=50, faults=150."""

    def __init__(self, t, **options):
        argv = [os.path.join(BUILT, "origin")]
        for name, value in options.items():
            argv += [f"--{name.replace('_', '-')}", str(value)]
        self.proc = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        t.defer(self.proc.kill)
        self.port = int(self.proc.stdout.readline().split()[1])
        self.url = f"http://127.0.0.1:{self.port}"

    def stats(self):
        return json.loads(harness.get(self.port, "/stats").text)

    def close_idle(self):
        """Closes its connections that wait for a request, half of them by RST; returns when that is done."""
        return json.loads(harness.get(self.port, "/close").text)


class Probe:
    """A request each 50 ms on a connection of its own, to the proxy and, at the same time, to its origin directly."""

    def __init__(self, t, port, origin, seconds):
        options = {"rate": f"20:{seconds}", "fixed": True, "fresh": True, "connections": 64, "mix": "b=1"}
        self.t, self.control, self.load = t, Load(t, origin.port, **options), Load(t, port, **options)

    def tell(self, name, bar_ms):
        """Its two figures; how long it took is not judged where the machine alone takes half of that."""
        t, result, control = self.t, self.load.result(), self.control.result().ms["p99"]
        t.figure(f"{name}probes that failed", result.text(), "0, of one each 50 ms", not result.bad)
        p99 = result.ms["p99"]
        if p99 > bar_ms and control > bar_ms / 2:
            t.skip(f"this machine is too busy: {control:.0f} ms without a proxy", f"{name}probe, p99")
        else:
            t.figure(f"{name}probe, p99", f"{p99:.1f} ms", f"{bar_ms} ms ({control:.1f} ms without a proxy)", p99 <= bar_ms)
