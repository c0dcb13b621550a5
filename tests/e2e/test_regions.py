"""Law by place and day: what is in force where, what a day switches; who may be asked where data must stay."""
import json
import subprocess

import pytest

from harness import answer, tacet_path

CONF = """
version: 1
include: [{packs}]
listen: [{{address: "127.0.0.1:0"}}]
admin: {{address: "127.0.0.1:0"}}
sites:
  - hosts: [www.example.test]
    origin: {{url: "{url}"}}
    allow: [friend.example.net]
    acts_for_us: [static.hotjar.com]
    routes:
      - {{name: kids, match: /kids/*, force: opt-out}}
      - {{name: mail, match: /c, type: click, click: {{targets: [friend.example.net, cdn.example.cn]}}}}
      - {{name: pages, match: /*}}
rule_sets:
  sale: {{scripts: {{remove: [sell_share]}}, embeds: click-to-load}}
  both: {{scripts: {{remove: [sell_share, measurement]}}}}
  light: {{}}
regions:
  - {{name: china, where: [CN], default: sale, opted_out: sale, residency: [cdn.example.cn]}}
  - {{name: alone, where: [SG], default: light, opted_out: both, residency: []}}
  - {{name: strict, where: [JP], default: light, opted_out: both}}
  - {{name: rest, where: ["*"], default: light, opted_out: sale}}
geo: {{unknown: {place}}}
"""
SHIPPED = "regions/europe.yaml, regions/us.yaml, regions/world.yaml"
GPC = {"Sec-GPC": "1"}

ADS, STATISTICS = "https://securepubads.g.doubleclick.net/tag/js/gpt.js", "https://static.hotjar.com/c/hotjar-1.js"
PAGE = f"<!doctype html><title>t</title><script src='{ADS}'></script><script src='{STATISTICS}'></script><p>hello"


def run(*args):
    done = subprocess.run([tacet_path(), *map(str, args)], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def conf(tmp_path):
    def write(place="BR", packs=SHIPPED, url="http://127.0.0.1:9"):
        path = tmp_path / "t.yaml"
        path.write_text(CONF.format(packs=packs, url=url, place=place))
        return path

    return write


@pytest.fixture
def site(start, fresh_origin, conf):
    def begin(place, packs=SHIPPED):
        for path in ("/p", "/kids/p"):
            fresh_origin.on(path, answer(PAGE))
        return start("-c", conf(place, packs, fresh_origin.url), listen=False)

    begin.origin = fresh_origin
    return begin


# ---- check --regions ----------------------------------------------------------------------------------

def regions(path, at):
    code, out, _ = run("check", "--offline", "-c", path, "--regions", "--at", at, "--format", "json")
    found = json.loads(out)
    assert code == 0 and found["ok"] and len(found["regions"]) == 1
    return found["regions"][0]


def place(found, code):
    return next(p for p in found["places"] if p["place"] == code)


def test_a_day_switches_rows(conf):
    before, after = regions(conf(), "2026-12-31"), regions(conf(), "2027-01-01")
    assert place(before, "US-LA")["law"] == "us" and place(before, "US-LA")["binding"] == []
    assert place(after, "US-LA")["law"] == "us-la" and place(after, "US-LA")["binding"] == ["gpc"]
    assert {"date": "2027-01-01", "law": "us-la", "what": "begins"} in before["switches"]
    assert {"date": "2027-01-01", "law": "us-ca", "what": "browsers_offer_signal"} in before["switches"]
    assert not [s for s in after["switches"] if s["date"] <= "2027-01-01"]
    old, new = regions(conf(), "2026-02-04"), regions(conf(), "2026-02-05")
    assert place(old, "GB")["measurement"] == "opt-in" and place(new, "GB")["measurement"] == "opt-out"
    assert {"date": "2026-02-05", "law": "gb-before-2026", "what": "ends"} in old["switches"]
    assert [law["name"] for law in new["laws"]].count("gb-2026") == 1 and "gb-before-2026" not in str(new)


def test_what_switches_is_90_days_ahead(conf):
    assert not [s for s in regions(conf(), "2026-10-02")["switches"] if s["law"] == "us-la"]  # 91 days
    assert [s for s in regions(conf(), "2026-10-03")["switches"] if s["law"] == "us-la"]


def test_every_place_has_its_row(conf):
    found = regions(conf(), "2026-11-21")
    assert place(found, "CN") == {"place": "CN", "region": "china", "default": "sale", "opted_out": "sale", "law": "cn",
                                  "sell_share": "opt-in", "measurement": "opt-in", "binding": []}
    assert place(found, "EU")["law"] == "eu" and place(found, "EU")["binding"] == ["gpc", "dnt"]
    assert place(found, "*")["law"] is None and place(found, "*")["region"] == "rest"
    assert place(found, "JP")["region"] == "strict"
    unknown = place(found, "unknown")
    assert unknown["law"] is None and unknown["sell_share"] == unknown["measurement"] == "opt-in"
    for pack in found["packs"]:
        assert pack["version"] == "2026-11-21" and pack["disclaimer"] == "not legal advice"
        assert pack["file"].startswith("(shipped) regions/")
    for law in found["laws"]:
        for duty in law["duties"]:
            assert duty["what"] and duty["source"] and duty["mark"] in ("primary", "secondary", "unverified"), law


def test_the_table_for_people(conf):
    code, out, err = run("check", "--offline", "-c", conf(), "--regions", "--at", "2026-11-21")
    assert code == 0 and err == "" and "regions on 2026-11-21\n" in out and "not legal advice" in out
    line = next(l for l in out.splitlines() if l.startswith("US-CA "))
    assert line.split() == ["US-CA", "rest", "light", "sale", "us-ca", "opt-out", "opt-out", "gpc"]
    duty = next(l for l in out.splitlines() if "status_display" in l)
    assert duty.split()[:3] == ["status_display", "2026-01-01", "secondary"] and "Nelson Mullins" in duty
    assert "what switches until 2027-02-19" in out and "us-la begins" in out
    assert out.rstrip().endswith("t.yaml: ok")


def test_without_packs(conf, tmp_path):
    path = conf()
    path.write_text("\n".join(l for l in path.read_text().splitlines() if not l.startswith("include")))
    code, out, _ = run("check", "--offline", "-c", path, "--regions")
    assert code == 0 and "no packs" in out


def test_a_pack_grows_old(conf):
    assert run("check", "--offline", "-c", conf(), "--deny-warnings", "--at", "2027-11-21")[0] == 0
    code, _, err = run("check", "--offline", "-c", conf(), "--deny-warnings", "--at", "2027-11-25")
    assert code == 1 and err.count("more than 12 months ago") == 3 and "(shipped) regions/us.yaml" in err


@pytest.mark.parametrize("verb", [["check", "-c", "conf/tacet.yaml"], ["explain", "https://www.example.test/"]])
@pytest.mark.parametrize("day", ["tomorrow", "2027-02-29", "2027", ""])
def test_no_day(verb, day):
    code, _, err = run(*verb, "--at", day)
    assert code == 2 and "--at" in err


# ---- packs are found anywhere ----------------------------------------------------------------------------

def test_a_pack_beside_the_file_comes_first(conf, tmp_path):
    mine = tmp_path / "regions" / "world.yaml"
    mine.parent.mkdir()
    mine.write_text("pack: {name: mine, version: 2026-11-21}\nrows:\n  - {name: mine, where: [BR]}\n")
    found = regions(conf(), "2026-11-21")
    assert place(found, "BR")["law"] == "mine" and place(found, "US-CA")["law"] == "us-ca"
    mine.write_text("pack: {name: mine, version: 2026-11-21}\nrows:\n  - {name: mine, where: [US-CA]}\n")
    code, _, err = run("check", "--offline", "-c", conf())
    assert code == 78 and "both in force for US-CA" in err and "(shipped) regions/us.yaml:" in err and "world.yaml:3:" in err


# ---- the decision ------------------------------------------------------------------------------------------

def explain(path, place, at):
    page = path.parent / "page.html"
    page.write_text(PAGE)
    code, out, _ = run("explain", "-c", path, "https://www.example.test/", "--from", place, "--at", at, "--response", page,
                       "--format", "json")
    assert code == 0
    return json.loads(out)


def test_explain_by_day(conf):
    before, after = explain(conf(), "GB", "2026-02-04"), explain(conf(), "GB", "2026-02-05")
    assert before["law"]["name"] == "gb-before-2026" and after["law"]["name"] == "gb-2026"
    assert before["law"]["file"] == "(shipped) regions/europe.yaml" and before["law"]["line"] > 0
    gone = [[a["what"] for a in found["actions"]] for found in (before, after)]
    assert ADS in gone[0] and STATISTICS in gone[0] and ADS in gone[1] and STATISTICS not in gone[1]
    assert before["decision"]["src"] == after["decision"]["src"] == "region"
    assert explain(conf(), "JP", "2026-11-21")["law"] is None
    _, out, _ = run("explain", "-c", conf(), "https://www.example.test/", "--from", "GB", "--at", "2026-02-04")
    assert "law        gb-before-2026" in out and "sell_share opt-in, measurement opt-in, (shipped) regions/europe.yaml:" in out


def test_law_only_adds(site):
    """Brazil asks for consent to advertising, its own statistics pass; the row of the configuration alone would let both pass."""
    body = site("BR").get("/p").text
    assert ADS not in body and STATISTICS in body


def test_what_is_not_in_force_does_nothing(site, tmp_path):
    pack = tmp_path / "old.yaml"
    pack.write_text("pack: {name: old, version: 2026-11-21}\nrows:\n"
                    "  - {name: over, where: [BR], until: 2001-01-01, default: {sell_share: opt-in, measurement: opt-in}}\n"
                    "  - {name: later, where: [BR], from: 9000-01-01, default: {sell_share: opt-in, measurement: opt-in}}\n")
    body = site("BR", "old.yaml").get("/p").text
    assert ADS in body and STATISTICS in body


# ---- who acts for the site -----------------------------------------------------------------------------------

def test_who_acts_for_the_site_stays(site):
    proxy = site("US-TX")
    body = proxy.get("/p", GPC).text
    assert ADS not in body and STATISTICS in body
    body = proxy.get("/kids/p").text
    assert ADS not in body and STATISTICS not in body


def test_measurement_written_out_takes_all(site):
    body = site("JP").get("/p", GPC).text
    assert ADS not in body and STATISTICS not in body


def test_law_that_wants_consent_takes_all(site):
    body = site("DE").get("/p", GPC).text
    assert ADS not in body and STATISTICS not in body


# ---- residency ------------------------------------------------------------------------------------------------

def markup(host):
    u = f"https://{host}"
    return (f"<script src='{u}/1.js'></script><img src='{u}/2.gif' srcset='{u}/3.gif 2x'><link rel=stylesheet href='{u}/4.css'>"
            f"<link rel=preconnect href='{u}/5'><div style='background:url({u}/6.png)'></div><style>@import '{u}/7.css';</style>"
            f"<video poster='{u}/8.png' src='{u}/9.mp4'></video><form><input type=image src='{u}/a.png'></form>")


def test_only_listed_hosts_are_asked(site):
    proxy = site("CN")
    hosts = ["cdn.example.cn", "sub.cdn.example.cn", "friend.example.net", "nobody-knows.example.org", "xcdn.example.cn"]
    site.origin.on("/r", answer("<!doctype html><title>t</title><img src=/own.gif>" + "".join(map(markup, hosts)),
                                [("Link", f"<https://{h}/l.js>; rel=preload; as=script") for h in hosts]))
    res = proxy.get("/r")
    assert "/own.gif" in res.text
    links = ", ".join(res.all("Link"))
    for host in hosts[:2]:
        assert markup(host) in res.text and f"//{host}/l.js" in links
    for host in hosts[2:]:
        assert f"//{host}/" not in res.text and f"//{host}/" not in links


def test_it_holds_where_nothing_else_is_removed(site):
    """And an empty list is nobody at all."""
    proxy = site("SG")
    site.origin.on("/r", answer("<!doctype html><title>t</title><img src=/own.gif>" + markup("cdn.example.cn"),
                                [("Link", "<https://cdn.example.cn/l.js>; rel=preload; as=script")]))
    res = proxy.get("/r")
    assert "/own.gif" in res.text and "cdn.example.cn" not in res.text + ", ".join(res.all("Link"))


def test_the_policy_of_unread_documents_names_the_list_alone(site):
    for place, there, absent in [("CN", "cdn.example.cn", "friend.example.net"), ("JP", "friend.example.net", "cdn.example.cn")]:
        proxy = site(place)
        site.origin.on("/x", answer("<x/>", type="application/xml"))
        policy = proxy.get("/x", {"Sec-GPC": "1", "Accept": "text/html"}).get("Content-Security-Policy")
        assert there in policy and absent not in policy


def test_an_unknown_place_has_what_all_lists_have(site):
    proxy = site("strictest")
    site.origin.on("/r", answer("<!doctype html><title>t</title>" + markup("cdn.example.cn")))
    assert "cdn.example.cn" not in proxy.get("/r").text


def test_no_other_place_is_held_by_it(site):
    proxy = site("US-TX")
    site.origin.on("/r", answer("<!doctype html><title>t</title>" + markup("nobody-knows.example.org")))
    assert markup("nobody-knows.example.org") in proxy.get("/r").text


def test_links_of_mail_stay_in_the_list(site):
    proxy = site("CN")
    assert proxy.get("/c?url=https%3A%2F%2Fcdn.example.cn%2Fx").get("Location") == "https://cdn.example.cn/x"
    assert not proxy.get("/c?url=https%3A%2F%2Ffriend.example.net%2Fx").has("Location")
    assert site("US-TX").get("/c?url=https%3A%2F%2Ffriend.example.net%2Fx").get("Location") == "https://friend.example.net/x"


def test_embeds_ask_in_vain(site):
    proxy = site("CN")
    video = "/.well-known/tacet/embed?url=https%3A%2F%2Fwww.youtube-nocookie.com%2Fembed%2Fx1"
    res = proxy.get(video)
    assert res.status == 403 and "youtube" not in res.text
    assert site("US-TX").get(video).status == 200
