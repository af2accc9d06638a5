"""A product whose file names reach for the buyer's own files: what a login reads, what a shell takes for more, a link.

The provider sells it kept, leased and plain. The buyer opens it, by the command and by the management door, into
folders that hold something already. Nothing of the buyer's changes, and what was refused was neither counted nor paid.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest
import pytest_asyncio

from connector.runtime.clock import Clock
from connector.runtime.errors import PenstockError
from tests.api.space import PURPOSE, Space

pytestmark = pytest.mark.asyncio(loop_scope="module")

PENSTOCK = str(Path(sys.executable).with_name("penstock"))
TOLD = {
    ".bashrc": "_.bashrc",
    "-rf": "_-rf",
    "~root": "_~root",
    ".ssh/authorized_keys": "_.ssh/authorized_keys",
    "sub/planted.csv": "sub/planted.csv",
}
RENAMED = {name: here for name, here in TOLD.items() if name != here}
KEPT, LEASED, PLAIN = "names-kept", "names-leased", "names-plain"
PRICE = 1000
MINE = b"alias ls=ls\n"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def space(tmp_path_factory):
    """Exchange, regulator, provider and buyer; the buyer has got all three, and opened none."""
    made = Space(tmp_path_factory.mktemp("names"), Clock().now)
    made.prepare(("exchange", "regulator", "provider", "buyer"))
    source = made.folder / "hostile"
    for name in TOLD:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(b"evil\n" * (1 + len(name)))
    try:
        await made.start()
        for product, more in ((KEPT, {}), (LEASED, {"openings": 9}), (PLAIN, {"tier": "plain"})):
            await made.publish_files("provider", product, [source], price=PRICE, **more)
            await made.get(product)
            await made.complete(product)
        yield made
    finally:
        await made.stop()


@pytest.fixture
def home(tmp_path):
    """A folder with files of the buyer's own."""
    made = tmp_path / "home"
    (made / ".ssh").mkdir(parents=True)
    (made / ".bashrc").write_bytes(MINE)
    (made / ".ssh" / "authorized_keys").write_bytes(MINE)
    return made


def found(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def hostile(space):
    return {TOLD[name]: data for name, data in found(space.folder / "hostile").items()}


def counted(space):
    """What has been decided, counted and paid: of openings, and in channels."""
    tables = {name: space.rows("buyer", name) for name in ("decisions", "windows", "openings", "paid_rows", "uses")}
    tables["windows"] = [row for row in tables["windows"] if row["state"] != "closing"]  # acknowledgements are free
    return {name: len(rows) for name, rows in tables.items()} | {"paid": str(tables["paid_rows"])}


async def asked(space, key, product, to, **more):
    body = {"id": key, "acquisition": product, "purpose": PURPOSE, "to": str(to), **more}
    return await space.doors["buyer"].call("POST", "openings", body)


async def refused(space, key, product, to, *words, **more):
    before = counted(space)
    with pytest.raises(PenstockError, match="openings") as refusal:
        await asked(space, key, product, to, **more)
    assert any(word in refusal.value.body.decode() for word in words), refusal.value.body
    assert counted(space) == before, "what was refused was neither counted nor paid"


async def penstock(space, *words):
    command = (PENSTOCK, *map(str, words), "--data", str(space.people["buyer"].data))
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe)
    said, wrong = await process.communicate()
    return process.returncode, said.decode(), wrong.decode()


async def test_the_command_writes_beside_what_is_there_and_says_how(space, home):
    code, said, wrong = await penstock(space, "open", KEPT, "--purpose", PURPOSE, "--to", home)
    assert code == 0, wrong
    assert found(home) == hostile(space) | {".bashrc": MINE, ".ssh/authorized_keys": MINE}
    for name, here in RENAMED.items():
        assert f"`{name}` is written as `{here}`" in said


async def test_what_is_there_is_replaced_only_when_that_is_said(space, home):
    (home / "_.bashrc").write_bytes(MINE)
    before, count = found(home), counted(space)
    words = ("open", KEPT, "--purpose", PURPOSE, "--to", home)
    code, _said, wrong = await penstock(space, *words)
    assert code != 0
    assert "is there already" in wrong
    assert "--overwrite" in wrong
    assert (found(home), counted(space)) == (before, count)
    code, _said, wrong = await penstock(space, *words, "--overwrite")
    assert code == 0, wrong
    assert found(home) == hostile(space) | {".bashrc": MINE, ".ssh/authorized_keys": MINE}


@pytest.mark.parametrize("overwrite", [False, True])
async def test_no_link_is_followed(space, home, tmp_path, overwrite):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "planted.csv").write_bytes(MINE)
    (home / "sub").symlink_to(outside)
    before = found(home)
    await refused(space, f"link-{overwrite}", KEPT, home, "is a link", overwrite=overwrite)
    assert (found(home), found(outside)) == (before, {"planted.csv": MINE})
    (home / "sub").unlink()
    (home / "_-rf").symlink_to(outside / "planted.csv")
    if overwrite:
        await asked(space, "link-replaced", KEPT, home, overwrite=True)
        assert not (home / "_-rf").is_symlink()
    else:
        await refused(space, "link-file", KEPT, home, "is there already")
    assert found(outside) == {"planted.csv": MINE}


async def test_a_leased_opening_that_might_not_land_is_not_paid(space, home, tmp_path):
    await refused(space, "leased-used", LEASED, home, "is not empty")
    await refused(space, "leased-file", LEASED, home / ".bashrc", "may not write", "no directory")
    before = counted(space)["windows"]
    opened = await asked(space, "leased-new", LEASED, tmp_path / "new")
    assert opened["charged"] == PRICE
    assert opened["renamed"] == RENAMED
    assert found(tmp_path / "new") == hostile(space)
    assert counted(space)["windows"] == before + 1
    assert await asked(space, "leased-new", LEASED, tmp_path / "new") == opened, "asked again it is told again"


async def test_a_plain_copy_lands_no_otherwise(space, home):
    opened = await asked(space, "plain-home", PLAIN, home)
    assert opened["renamed"] == RENAMED
    assert found(home) == hostile(space) | {".bashrc": MINE, ".ssh/authorized_keys": MINE}
    await refused(space, "plain-again", PLAIN, home, "is there already")


async def test_getting_straight_into_a_folder_that_is_used_agrees_to_nothing(space, home, tmp_path):
    talks = len(space.rows("buyer", "negotiations"))
    words = ("get", KEPT, "--max-price", PRICE, "--purpose", PURPOSE)
    code, _said, wrong = await penstock(space, *words, "--to", home, "--id", "straight")
    assert code != 0
    assert "is not empty" in wrong
    assert len(space.rows("buyer", "negotiations")) == talks
    code, said, wrong = await penstock(space, *words, "--to", tmp_path / "fresh", "--id", "straight")
    assert code == 0, wrong
    assert found(tmp_path / "fresh") == hostile(space)
    assert "`.bashrc` is written as `_.bashrc`" in said
    code, said, wrong = await penstock(space, *words, "--to", tmp_path / "fresh", "--id", "straight", "--json")
    assert code == 0, "asked again it goes on where it was"
    assert json.loads(said)["renamed"] == RENAMED


async def test_what_an_interrupted_opening_left_is_ours_and_it_goes_on_uncounted(space, tmp_path):
    place = tmp_path / "half"
    opened = await asked(space, "half", KEPT, place)
    count = counted(space)["decisions"]
    space.write("buyer", "UPDATE reads SET state = 'decided', result = NULL WHERE id = ?", ("half",))
    (place / "_.bashrc").unlink()
    (place / ".0123456789abcdef.part").mkdir()  # as a crash leaves it
    again = await asked(space, "half", KEPT, place)
    assert {name for name in found(place) if not name.startswith(".")} == set(hostile(space))
    assert again["files"] == opened["files"]
    assert counted(space)["decisions"] <= count + 1
    (place / "_-rf").write_bytes(MINE)
    space.write("buyer", "UPDATE reads SET state = 'decided', result = NULL WHERE id = ?", ("half",))
    await refused(space, "half", KEPT, place, "is there already")
    assert (place / "_-rf").read_bytes() == MINE
