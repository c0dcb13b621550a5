"""R23, the other half: what testssl.sh has to say of us."""
import json
import os
import shutil
import subprocess

import common
from certificates import Authority
from r23_certificates import CONF, place

ID = "R23S"
TITLE = "testssl.sh"
QUICK = False

GRAVE = ("MEDIUM", "HIGH", "CRITICAL", "FATAL")
OURS_NOT = ("cert_", "DNS_", "HSTS")  # the throwaway certificate's, the name's and the site's


def run(t):
    if shutil.which("testssl") is None:
        t.skip("it is not installed (apt: testssl.sh)")
        return
    origin = common.Origin(t)
    ca = Authority(os.path.join(t.dir, "ca"))
    place(t, *ca.issue("localhost", days=90))
    t.file("tickets", "k" * 80)
    proxy = t.start(CONF.format(url=origin.url))
    port, out = proxy.addresses["https"][0][1], os.path.join(t.dir, "scan.json")
    done = subprocess.run(["testssl", "--quiet", "--color", "0", "--ip", "127.0.0.1", "--add-ca", ca.pem, "--jsonfile", out,
                           "-p", "-P", "-S", "-s", "-f", "-U", f"localhost:{port}"], capture_output=True, timeout=55, cwd=t.dir)
    with open(out) as f:
        found = json.load(f)
    grave = [f"{x['id']}: {x['finding']}" for x in found if x["severity"] in GRAVE and not x["id"].startswith(OURS_NOT)]
    t.figure("findings above LOW", "; ".join(grave)[:200] or f"none of {len(found)}", "none", not grave and len(found) > 50)
    versions = {x["id"]: x["finding"] for x in found if x["id"] in ("SSLv2", "SSLv3", "TLS1", "TLS1_1", "TLS1_2", "TLS1_3")}
    t.figure("versions", ", ".join(f"{k} {v}" for k, v in sorted(versions.items()))[:200], "1.2 and 1.3",
             [k for k, v in sorted(versions.items()) if v.startswith("offered")] == ["TLS1_2", "TLS1_3"])
    t.say("testssl.sh ended with", done.returncode)
