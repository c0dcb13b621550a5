"""R22: no visitor ever gets a byte of another's answer, however the origin's connections break."""
import time

import common
import tools

ID = "R22"
TITLE = "200 000 unique requests over pools with faults"
QUICK = False

REQUESTS, SLICE, SECONDS = 200_000, 20_000, 45
MIX = "g=5,c=4,h=5,d=1,m=1,n=1,p=3,q=3,l=3,x=1,a=1"


def run(t):
    origin = tools.Origin(t, faults=120, idle_close=50, idle_ms=20, arrival_close=10)
    proxy = t.start(common.conf(origin.url))
    began, total = time.monotonic(), {}
    while total.get("sent", 0) < REQUESTS and time.monotonic() - began < SECONDS:
        part = tools.Load(t, proxy.port, requests=SLICE, connections=64, per_connection=50, mix=MIX,
                          first_id=1 + total.get("sent", 0)).result()
        for name in ("sent", "ok", "failed", "foreign", "late", "aborted"):
            total[name] = total.get(name, 0) + part.members[name]
    seen = origin.stats()
    t.say("requests", f"{total['sent']} in {time.monotonic() - began:.0f} s", f"{REQUESTS}, or {SECONDS} s of them")
    t.say("faults of the origin", f"{seen['faults']}, {seen['connections']} connections",
          "FIN, RST, half close, 1-byte writes, delays, answers to nobody")
    t.figure("answers with a byte of another's", total["foreign"], "0", not total["foreign"])
    t.figure("right, each byte compared", total["ok"], "3 of 4", total["ok"] * 4 > total["sent"] * 3)
    t.figure("visibly failed", f"{total['failed']}, {total['late']} late", "some: there were faults; none late",
             0 < total["failed"] and not total["late"])
    t.figure("POST bodies wrong at the origin", f"{seen['bad_bodies']} of {seen['posts']}", "0", not seen["bad_bodies"])
    t.figure("POST seen twice by the origin", seen["doubled"], "0", not seen["doubled"])
