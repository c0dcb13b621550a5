"""Exit codes and first words of the command line."""
import os
import subprocess

import pytest

from harness import ROOT, tacet_path


def tacet(*args, **kw):
    return subprocess.run([tacet_path(), *map(str, args)], capture_output=True, text=True, timeout=120, cwd=ROOT, **kw)


@pytest.mark.parametrize("args, status", [
    (["help"], 0), (["version"], 0), (["run", "--help"], 0), (["check", "-h"], 0), ([], 2), (["nonsense"], 2), (["run", "--nonsense"], 2),
    (["run"], 2), (["check", "-c", "/nonexistent.yaml"], 78)])
def test_exit_codes(args, status):
    ran = tacet(*args)
    assert ran.returncode == status, ran
    assert ran.stdout if status == 0 else ran.stderr


def test_usage_goes_to_standard_error_and_names_the_help():
    ran = tacet("nonsense")
    assert ran.stdout == "" and "tacet help" in ran.stderr


def test_the_shipped_sample_is_right():
    ran = tacet("check", "-c", "conf/tacet.yaml", "--offline")
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_a_mistake_is_shown_in_its_place(tmp_path):
    conf = tmp_path / "site.yaml"
    conf.write_text('version: 1\nsites:\n  - hosts: ["*"]\n    origin: {url: "http://127.0.0.1:1"}\nrule_sets: {light: {}}\nregions:\n'
                    '  - {name: rest, where: ["*"], honour: [gcp], default: light, opted_out: light}\n')
    ran = tacet("check", "-c", conf, "--offline")
    assert ran.returncode == 78
    assert ":7:" in ran.stderr and "gcp" in ran.stderr and 'did you mean "gpc"?' in ran.stderr and "hint:" in ran.stderr


def test_explain_says_whose_origin_is_asked():
    ran = tacet("explain", "-c", "tests/fixtures/config/good/edge.yaml", "http://a.example/api/x")
    assert ran.returncode == 0 and "http://10.0.0.7:9000" in ran.stdout, ran.stdout + ran.stderr
    ran = tacet("explain", "-c", "tests/fixtures/config/good/edge.yaml", "http://a.example/")
    assert "http://10.0.0.5:8080" in ran.stdout and "and 3 more" in ran.stdout and "10.0.0.7" not in ran.stdout


def test_demo_proves_itself():
    geo = os.path.join(ROOT, ".cache", "geo")
    ran = tacet("demo", "--once", *(["--geo", geo] if os.path.isdir(geo) else []))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "googletagmanager" in ran.stdout or "Google" in ran.stdout
