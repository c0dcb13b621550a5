"""What the tests of the policies see from outside, `tacet verify` sees, too: synthetic visitors of every place and signal, on the same pages."""
import subprocess

import pytest

from harness import answer, tacet_path
from policies import FIELDS, PAGE, Site

LOADER = PAGE[PAGE.index("<script>!function"):PAGE.index("<script src=\"https://static.hotjar")]


@pytest.mark.parametrize("policy", ["udesk", "servicego", "zoom", "ujet", "cloudwalk"])
def test_verify_finds_nothing(tmp_path, policy):
    """Over plain http: a site of MarketingDesk's profile answers that with a redirect only. ujet: see test_inline_loaders_abroad."""
    site = Site(tmp_path, policy, {"pages: [/]": "pages: [/page, /kids/page]"}, ready=False, forward="client_ip: none, geo: [country]")
    try:
        site.conf.write_text(site.conf.read_text().replace(", redirect: https", ""))
        for path in ("/page", "/kids/page"):
            site.origin.on(path, answer(PAGE.replace(LOADER, "") if policy == "ujet" else PAGE, FIELDS))
        site.start()
        ran = subprocess.run([tacet_path(), "verify", "-c", site.conf, f"http://127.0.0.1:{site.tacet.port}"], capture_output=True, text=True, timeout=120)
        assert ran.returncode == 0 and " 0 failed" in ran.stdout, ran.stdout[-3000:]
    finally:
        site.close()
