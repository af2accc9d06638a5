"""What Penstock runs with may be handed on beside it; the lock names each of these packages in the version shown."""

from __future__ import annotations

import json
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from docs.generate import lock, third_party
from tests.every import every
from tests.supply import licences

ROOT = Path(__file__).resolve().parents[2]
rows = cache(third_party.rows)
LOCK = (ROOT / "requirements.lock").read_text()
# what the image has beside the program's own needs, as the Makefile says it
IN_IMAGE = {"", *re.search(r"^EXTRAS := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)[1].split()}
PURE, SOURCE = "1" * 64, "2" * 64
LOCKED = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", LOCK, re.MULTILINE))


def test_the_walk_reaches_what_is_needed_and_its_needs():
    names = {one.name for one in rows()}
    assert {"aiohttp", "multidict", "web3", "eth-abi", "pyarrow", "opentelemetry-sdk"} <= names
    assert not {"pytest", "ruff", "pip"} & names


@every("package", rows, ids=lambda package: package.name)
def test_a_package_may_be_handed_on_and_is_locked(package):
    if package.name in licences.BOUND_ALONE:
        assert package.licence == licences.BOUND_ALONE[package.name]
        assert package.extra == "postgres"
    else:
        assert licences.allowed(package.licence), package.licence
    assert LOCKED.get(package.name) == package.version


def test_a_package_installed_with_an_extra_of_its_own_is_followed():
    assert "psycopg-binary" in next(one for one in rows() if one.name == "psycopg").needs


def test_the_bill_of_materials_has_every_package_and_every_need():
    bill = json.loads((ROOT / "docs/sbom.cdx.json").read_text())
    references = {one["bom-ref"] for one in bill["components"]}
    assert {one["purl"].removeprefix("pkg:pypi/") for one in bill["components"]} == {
        f"{one.name}@{one.version}" for one in rows()
    }
    assert {one["ref"] for one in bill["dependencies"]} == references | {bill["metadata"]["component"]["bom-ref"]}
    assert all(set(one["dependsOn"]) <= references for one in bill["dependencies"])


def test_nothing_is_installed_but_by_its_digest():
    for requirement in re.split(r"\n(?=\S)", LOCK.strip()):
        assert requirement.startswith("#") or re.fullmatch(
            r"[a-z0-9-]+==\S+( \\\n    --hash=sha256:[0-9a-f]{64})+", requirement
        ), requirement


def test_all_that_pyproject_asks_for_is_locked_and_the_image_has_its_part():
    for extra, wanted in third_party.wishes().items():
        for asked in wanted:
            wish = Requirement(asked)
            locked = LOCKED.get(third_party.called(wish.name))
            least = {one.version for one in wish.specifier if one.operator in {">=", "=="}}
            assert least == {locked}, f"`{asked}` of `{extra}` begins at what is tested, {locked}: or run `make lock`"
            assert wish.specifier.contains(locked, prereleases=True), f"`{asked}` of `{extra}`"
    image = set(re.findall(r"^([a-z0-9-]+)==", LOCK.split(lock.CUT)[0], re.MULTILINE))
    assert image == {one.name for one in rows() if one.extra in IN_IMAGE}


def test_the_light_client_asks_for_what_the_program_asks_for():
    """One environment holds both: of the same packages the same versions, and each of them locked."""
    light = tomllib.loads((ROOT / "connector/client/pyproject.toml").read_text())["project"]
    own = third_party.project()
    assert light["version"] == own["version"]
    program = {Requirement(one).name: Requirement(one).specifier for one in own["dependencies"]}
    for asked in map(Requirement, light["dependencies"]):
        locked = LOCKED[asked.name]
        assert program.get(asked.name, asked.specifier) == asked.specifier
        assert {one.version for one in asked.specifier if one.operator == ">="} == {locked}
    extras = light["optional-dependencies"]
    assert {name: own["optional-dependencies"][name] for name in extras} == extras
    assert light["entry-points"] == own["entry-points"]


def package(*wheels, **more):
    files = [{"url": f"https://x.example/{name}", "hashes": {"sha256": digest}} for name, digest in wheels]
    return {"name": "x", "version": "1", "wheels": files, **more}


def test_the_lock_takes_what_linux_takes_and_the_source_only_where_there_is_no_wheel():
    pure = package(("x-1-py3-none-any.whl", PURE), sdist={"hashes": {"sha256": SOURCE}})
    assert lock.digests(pure) == {PURE}
    other = ("x-1-cp311-cp311-win_amd64.whl", "3" * 64), ("x-1-cp313-cp313-manylinux_2_17_x86_64.whl", "4" * 64)
    some = package(("x-1-cp311-abi3-manylinux_2_28_x86_64.whl", PURE), *other, sdist={"hashes": {"sha256": SOURCE}})
    assert lock.digests(some) == {PURE, SOURCE}
    with pytest.raises(LookupError, match="no file"):
        lock.digests(package(*other))
