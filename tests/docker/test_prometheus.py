"""The alerts for Prometheus, judged by its own tool: they are sound, each fires when it should, and is silent else."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from connector.api.authorize import ROUTES
from connector.operation import measures
from connector.operation.metrics import Metrics

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "docker/prometheus-rules.yaml"
TRIALS = Path(__file__).with_name("prometheus_trials.yaml")
MANUAL = (ROOT / "docs/operation.md").read_text()
SAID = ("summary", "action", "summary_zh", "action_zh")
CHINESE = re.compile("[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def rules():
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


@pytest.fixture
def promtool(absent):
    if shutil.which("promtool") is None:
        absent("promtool is not here (apt-get install prometheus)")

    def run(*arguments):
        return subprocess.run(["promtool", *map(str, arguments)], check=False, capture_output=True, text=True)

    return run


def test_prometheus_takes_the_rules(promtool):
    said = promtool("check", "rules", RULES)
    assert said.returncode == 0, said.stdout + said.stderr


def test_every_alert_fires_when_it_should_and_is_silent_else(promtool, rules):
    said = promtool("test", "rules", TRIALS)
    assert said.returncode == 0, said.stdout + said.stderr
    tried = {trial["name"] for trial in yaml.safe_load(TRIALS.read_text())["tests"]}
    assert tried == {f"{rule['alert']} {how}" for rule in rules for how in ("fires", "is silent")}


def test_every_measure_that_is_asked_for_is_told(rules):
    told = {*measures.COUNTED, *measures.TOLD, "up"}
    for family in Metrics().registry.collect():
        told |= {family.name, f"{family.name}_total"}
    for rule in rules:
        asked = set(re.findall(r"\b(?:penstock|process)_\w+|\bup\b", rule["expr"]))
        assert asked, rule["alert"]
        assert asked <= told, rule["alert"]


def test_every_alert_says_what_to_do_in_both_languages_and_stands_in_the_manual(rules):
    for rule in rules:
        assert set(rule["annotations"]) == set(SAID), rule["alert"]
        for name in SAID:
            assert bool(CHINESE.search(rule["annotations"][name])) == name.endswith("_zh"), (rule["alert"], name)
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert f"`{rule['alert']}`" in MANUAL, rule["alert"]


def test_the_address_that_the_manual_has_scraped_is_a_route():
    assert re.search(r"metrics_path: (\S+)", MANUAL)[1] in {route.path for route in ROUTES}
