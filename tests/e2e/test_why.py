"""/privacy-choices/why says all that the decision went by: place, law, consent cookies, switches."""
import re

CONF = """
version: 1
include: [pack.yaml]
listen: [{{address: "127.0.0.1:0"}}]
admin: {{address: "127.0.0.1:0"}}
geo: {{unknown: {place}}}
sites: [{{hosts: ["*"], origin: {{url: "{url}"}}, forward: {{geo: [country, region, city]}}}}]
rule_sets: {{no: {{scripts: {{remove: [analytics, advertising, personalisation, social]}}}}, light: {{}}}}
regions:
  - {{name: us-ca, where: [US-CA], honour: [gpc, dnt, choice], default: light, opted_out: no}}
  - {{name: rest, where: ["*"], honour: [gpc, dnt, choice], default: light, opted_out: no}}
"""
PACK = """
pack: {name: test, version: 2026-11-21, disclaimer: not legal advice}
rows:
  - {name: california, where: [US-CA], default: {sell_share: opt-out, measurement: opt-out}, binding: [gpc]}
  - {name: brazil, where: [BR], default: {sell_share: opt-in, measurement: opt-out}}
"""
OWN = {"Origin": "http://www.example.test", "Content-Type": "application/x-www-form-urlencoded"}


def served(start, origin, folder, place):
    (folder / "pack.yaml").write_text(PACK)
    (folder / "t.yaml").write_text(CONF.format(url=origin.url, place=place))
    return start("-c", folder / "t.yaml", listen=False)


def why(proxy, fields=()):
    text = proxy.get("/privacy-choices/why", fields).text
    return {re.sub("<[^>]*>", "", t): re.sub("<[^>]*>", "", d) for t, d in re.findall(r"<dt>(.*?)</dt>\s*<dd>(.*?)</dd>", text, re.S)}


def test_law_and_place(start, fresh_origin, tmp_path):
    said = why(served(start, fresh_origin, tmp_path, "US-CA"))
    assert said["Law taken into account"] == "california" and said["Rules in force"] == "us-ca: light"
    brazil = why(served(start, fresh_origin, tmp_path, "BR"))
    assert brazil["Law taken into account"] == "brazil" and "Advertising" in brazil["Removed from the pages you get"]
    assert why(served(start, fresh_origin, tmp_path, "DE"))["Law taken into account"] == "none"
    assert "unknown" in why(served(start, fresh_origin, tmp_path, "strictest"))["Law taken into account"]


def test_switches_reach_the_origin(start, fresh_origin, tmp_path):
    proxy = served(start, fresh_origin, tmp_path, "US-CA")
    proxy.get("/page")
    assert fresh_origin.last("/page").get("Tacet-Geo") == "country=US, region=US-CA"
    res = proxy.get("/privacy-choices", OWN, "POST", b"choice=in&location=off&export=on")
    cookie = {"Cookie": res.get("Set-Cookie").split(";")[0]}
    assert "tacet_choice=v1.in-0001." in cookie["Cookie"]
    page = proxy.get("/page", cookie)
    assert fresh_origin.last("/page").get("Tacet-Geo") == "country=US"
    assert page.get("Permissions-Policy") == "geolocation=()"
    said = why(proxy, cookie)["Your other settings"]
    assert "city" in said and "outside my country" not in said, "nobody asked about that"
