"""Each check of the supply chain minds what it is for."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import date, timedelta

import pytest

from docs.generate import bill_of_materials
from docs.generate.lock import CUT, LOCK
from tests.supply import advisories, bill, builds, image, licences
from tests.supply.verdict import Verdict

TODAY = date(2026, 11, 24)
KNOWN = {"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["2"]}
TOLD = [{"name": "x", "version": "1", "vulns": [KNOWN]}]
PINNED = "x==1 \\\n    --hash=sha256:0\n"


def test_a_check_that_looked_at_nothing_has_not_passed():
    assert [Verdict(0).word, Verdict(1).word, Verdict(1, ("x",)).word, Verdict(0, absent="x").word] == [
        "failed", "passed", "failed", "absent",
    ]  # fmt: skip


@pytest.mark.parametrize("told", ["MIT", "MPL-2.0 AND (Apache-2.0 OR MIT)", "BSD License or Public Domain"])
def test_an_allowed_licence(told):
    assert licences.allowed(told)


@pytest.mark.parametrize("told", ["GPL-3.0", "MIT OR AGPL-3.0-only", "MIT AND SSPL-1.0", "unknown", "", "MITX"])
def test_a_licence_that_is_not_on_the_list(told):
    assert not licences.allowed(told)
    assert licences.minded({"x": told, "y": "MIT"}) == (f"x: `{told}`",)


def test_an_exception_is_for_one_package_and_its_licence():
    assert licences.minded({"psycopg": "LGPL-3.0-only"}) == ()
    assert licences.minded({"psycopg": "GPL-3.0"}) == ("psycopg: `GPL-3.0`",)
    assert licences.minded({"x": "LGPL-3.0-only"}) == ("x: `LGPL-3.0-only`",)


def test_an_advisory_is_minded_and_may_wait_for_so_many_days():
    assert advisories.minded(TOLD, TODAY, {}) == ("x 1: PYSEC-1, mended in 2",)
    waiting = {"CVE-1": (TODAY - timedelta(days=advisories.GRACE_DAYS), "no network is reached by it")}
    assert advisories.minded(TOLD, TODAY, waiting) == ()
    assert advisories.minded(TOLD, TODAY + timedelta(days=1), waiting)


def test_a_package_that_was_left_out_is_not_well():
    left = [{"name": "y", "skip_reason": "not found"}]
    assert advisories.minded(left, TODAY, {}) == ("y: not audited: not found",)


def test_what_is_installed_beside_the_lock_is_named():
    assert bill.beside_the_lock({"x": "1"}, PINNED) == ()
    assert len(bill.beside_the_lock({"x": "2", "y": "1"}, PINNED)) == 2


def test_a_bill_of_other_versions_or_without_a_package_is_minded():
    component = {"name": "x", "version": "1"}
    assert bill.beside_the_bill({"components": [component]}, PINNED + CUT) == ()
    assert bill.beside_the_bill({"components": [component | {"version": "2"}]}, PINNED + CUT) == ("the bill has x 2",)
    assert bill.beside_the_bill({"components": []}, PINNED + CUT) == ("the bill lacks x",)
    assert bill.beside_the_bill({"components": []}, CUT + PINNED) == ()


def test_what_differs_between_two_builds_is_named():
    assert builds.unlike({"a": "1", "b": "1"}, {"a": "1", "b": "1"}) == ()
    assert builds.unlike({"a": "1", "b": "1"}, {"a": "2", "c": "1"}) == ("a differs", "b differs", "c differs")


def test_a_file_lies_as_it_would_elsewhere(tmp_path):
    here, there = builds.PLACES
    for place in (here, there):
        builds.copied(["docker/start.sh", "LICENSE"], tmp_path / place.folder, place)
    said = [(tmp_path / place.folder / "docker/start.sh").stat() for place in (here, there)]
    assert [one.st_mode & 0o777 for one in said] == [0o755, 0o700]
    assert [one.st_mtime for one in said] == [here.time, there.time]


@pytest.mark.parametrize("harm", ["bytes", "mode", "time", "name", "link"])
def test_the_content_of_an_image_is_its_bytes_modes_times_and_names(tmp_path, harm):
    file, link = tmp_path / "file", tmp_path / "link"
    file.write_text("x")
    link.symlink_to("file")
    os.utime(file, (1, 1))
    before = image.tree(tmp_path)
    assert set(before) == {"file", "link"}
    match harm:
        case "bytes":
            file.write_text("y")
            os.utime(file, (1, 1))
        case "mode":
            file.chmod(0o600)
        case "time":
            os.utime(file, (2, 2))
        case "name":
            (tmp_path / "other").touch()
        case "link":
            link.unlink()
            link.symlink_to("elsewhere")
    assert builds.unlike(before, image.tree(tmp_path))


def test_the_first_stage_is_read_from_the_dockerfile():
    found = image.stage(image.DOCKERFILE.read_text())
    assert set(found.environment) == {"SOURCE_DATE_EPOCH", "PYTHONHASHSEED"}
    assert {"requirements.lock", "connector", "pyproject.toml"} <= set(found.copied)
    assert [command.count(image.PROGRAM) for command in found.commands] == [2, 2]
    with pytest.raises(ValueError, match="is not played here"):
        image.stage("FROM x\nADD a b\nFROM y\n")


def test_a_shortened_lock_has_its_first_packages_with_their_digests():
    short = image.shortened(LOCK.read_text())
    assert list(bill.pins(short).items()) == list(bill.pins(LOCK.read_text()).items())[: image.FIRST]
    assert short.count("--hash") >= image.FIRST
    assert short.endswith(CUT)


def test_a_release_names_its_wheels_by_their_digests(tmp_path):
    (tmp_path / "a-1-py3-none-any.whl").write_bytes(b"wheel")
    bill_of_materials.release(tmp_path)
    [written] = tmp_path.glob("penstock-*.cdx.json")
    [named] = json.loads(written.read_text())["metadata"]["component"]["components"]
    digest = hashlib.sha256(b"wheel").hexdigest()
    assert named == {"type": "file", "name": "a-1-py3-none-any.whl", "hashes": [{"alg": "SHA-256", "content": digest}]}
    sums = (tmp_path / bill_of_materials.SUMS).read_text().splitlines()
    assert sums == [
        f"{digest}  a-1-py3-none-any.whl",
        f"{hashlib.sha256(written.read_bytes()).hexdigest()}  {written.name}",
    ]
