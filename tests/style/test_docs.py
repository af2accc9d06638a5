"""What the documents name exists: files, pictures, links; and records of decisions are dated and numbered."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

from tests.every import every

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
ROOMS = "connector|contracts|ledger|policy|catalog|docs|docker|tests|bench"
NAMED = re.compile(rf"`((?:{ROOMS})/[\w./-]*)`")
LINKED = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
DECISION = re.compile(r"# (\d{4}) \S.*\n\n(\d{4}-\d{2}-\d{2}), (?:accepted|replaced by \d{4})\n")


@every("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_that_is_named_exists(path):
    text = path.read_text(encoding="utf-8")
    absent = [name for name in NAMED.findall(text) if not (ROOT / name).exists()]
    absent += [name for name in LINKED.findall(text) if not (path.parent / name).exists()]
    assert not absent


def test_the_journey_goes_through_every_room():
    named = NAMED.findall((ROOT / "docs/journey.md").read_text(encoding="utf-8"))
    for room in ("catalog", "policy", "contracts", "ledger", "connector"):
        assert len({name for name in named if name.startswith(room + "/")}) >= 5


def test_the_journey_returns_to_no_room_that_it_left():
    """Who reads the files in the order of the steps is in each room once."""
    walk = (ROOT / "docs/journey.md").read_text(encoding="utf-8").partition("## What can go wrong")[0]
    parts = [name.split("/") for name in NAMED.findall(walk)]
    rooms = ["/".join(part[:2]) if part[0] in {"connector", "ledger"} else part[0] for part in parts]
    stays = [room for before, room in zip([None, *rooms], rooms, strict=False) if room != before]
    assert len(stays) == len(set(stays)), stays


def test_the_readme_says_the_two_commands_and_every_tier():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    from catalog.codes import TIERS

    assert "make demo" in text
    assert "make test" in text
    for key in TIERS:
        assert f"(`{key}`)" in text


def test_pictures_are_drawings_that_follow_the_reader_s_theme():
    for path in (ROOT / "docs").rglob("*.svg"):
        root = ET.fromstring(path.read_text(encoding="utf-8"))
        assert root.tag.endswith("svg")
        text = path.read_text(encoding="utf-8")
        assert "prefers-color-scheme: dark" in text
        assert root.find("{http://www.w3.org/2000/svg}title") is not None
        assert not re.search(r"(href|src)\s*=\s*\"http", text)


def test_decisions_are_numbered_and_dated():
    paths = sorted((ROOT / "docs/decisions").glob("*.md"))
    assert paths
    # numbers may be reserved and never used, but none is used twice
    assert len({path.name[:4] for path in paths}) == len(paths)
    for path in paths:
        found = DECISION.match(path.read_text(encoding="utf-8"))
        assert found, f"{path.name} does not open with its number, title, date and state"
        assert found[1] == path.name[:4]


def test_the_licence_is_the_one_that_the_package_names():
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text


def test_the_picture_of_the_demo_shows_every_step():
    """And asks nobody for anything, wherever it is shown."""
    from connector.demo.report import STEPS

    picture = (ROOT / "docs/demo.svg").read_text(encoding="utf-8")
    shown = "".join(ET.fromstring(picture).itertext()).replace("\xa0", " ")
    for number, step in enumerate(STEPS, 1):
        assert f"ok   {number} {step.__name__.removeprefix('_')}" in shown
    assert "all eight steps held" in shown
    assert re.findall(r"https?://[^\"\s]+", picture) == ["http://www.w3.org/2000/svg"]
