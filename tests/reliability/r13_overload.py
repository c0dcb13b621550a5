"""R13: four times what the origin can do: it goes on doing what it can, and who is turned away hears so at once."""
import common
import tools

ID = "R13"
TITLE = "4x overload of an origin with slots of 50 ms"
QUICK = False

SERVICE_MS, OVERLOAD = 50, 4
# Seconds of: half the capacity; overload, while the proxy finds out; overload, judged; recovery; after it, judged.
PHASES = ((0.5, 1.5), (OVERLOAD, 1.5), (OVERLOAD, 5), (0.5, 1), (0.5, 2))


def overload(t, name, keys, slots):
    """Returns whether this machine could send what it should."""
    capacity = slots * 1000 // SERVICE_MS
    origin = tools.Origin(t, slots=slots, service=SERVICE_MS)
    conf = common.conf(origin.url)
    proxy = t.start(tools.with_origin_keys(conf, keys) if keys else conf)
    rate = ",".join(f"{part * capacity}:{seconds}" for part, seconds in PHASES)
    before, finding, judged, _, after = tools.Load(t, proxy.port, connections=8000, mix="g=1", rate=rate, timeout=20000).phases()
    queued = origin.stats()["queue_max"]
    origin.proc.kill()
    t.stop(proxy)
    lag = judged.lag_ms["p99"]
    if lag > 20:
        return False
    goodput = judged.ok / judged.seconds
    t.say(f"{name}: load", f"{judged.sent / judged.seconds:.0f}/s for a capacity of {capacity}/s",
          f"the load itself late by {lag:.1f} ms at p99")
    t.say(f"{name}: goodput in the first {finding.seconds:.1f} s", f"{finding.ok / finding.seconds:.0f}/s",
          f"{queued} waited in the origin at most")
    t.figure(f"{name}: failed before the overload", before.text(), "0", not before.bad)
    t.figure(f"{name}: goodput", f"{goodput:.0f}/s, {100 * goodput / capacity:.0f} %", "90 % of the capacity",
             goodput >= 0.9 * capacity)
    t.figure(f"{name}: admitted, p99", f"{judged.ms['p99']:.0f} ms", "250 ms", judged.ms["p99"] <= 250)
    refused = judged.statuses.get("503", 0)
    others = judged.bad - refused
    t.figure(f"{name}: the rest are 503 with Retry-After", f"{refused}; {others} other, {judged.no_retry_after} without",
             "no other", refused > 0 and not others and not judged.no_retry_after)
    t.figure(f"{name}: 503 after, p99", f"{judged.refused_ms['p99']:.1f} ms", "10 ms", judged.refused_ms["p99"] <= 10)
    t.figure(f"{name}: failed from 1 s after its end", after.text(), "0", not after.bad)
    t.figure(f"{name}: p99 from 1 s after its end", f"{after.ms['p99']:.0f} ms", f"{2 * SERVICE_MS} ms",
             after.ms["p99"] <= 2 * SERVICE_MS)
    return True


def run(t):
    tools.most_descriptors()
    slots = 16 if t.sanitized else 64
    for name, keys in (("64 connections", f"connections: {slots}"), ("unconfigured", "")):
        name = name.replace("64", str(slots))
        while not overload(t, name, keys, slots):
            if slots == 16:
                t.skip("this machine is too slow or too busy for the load", name)
                break
            slots //= 2
