"""Somebody else's program and a pulled replica, on a real space: publish, get, export the keys, open without us.

And what an insider tries to get out of an export: more openings, another purpose, a leased product's keys, other files.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import shlex
import stat
import sys

import aiohttp
import pytest
import pytest_asyncio

from connector.cli.answers import ANSWERS
from connector.runtime.clock import Clock
from connector.runtime.errors import PenstockError, explain_failure
from tests.api.answers.shapes import unlike
from tests.api.command import ROOT, penstock, run
from tests.api.secrets_told import leaks
from tests.api.space import PURPOSE, Space
from tests.stranger import opener

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROLES = ("exchange", "provider", "buyer")
# three files, one of them empty, one of three pieces: gaps, several rows a file, an index
FILES = {"north/tides.csv": 150_001, "empty.bin": 0, "last.bin": 70}
REFUSED = 3  # exit code of what a policy or a table refuses
EXPORTS = "vault/key-exports"
WITHIN_SECONDS = 60
SECTION = "Opening it with a program of your own"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def space(tmp_path_factory):
    """A space of three, with a product to keep, one that may be opened twice, and one that is leased."""
    made = Space(tmp_path_factory.mktemp("space"), Clock().now)
    made.prepare(ROLES)
    try:
        await made.start()
        folder = made.folder / "data" / "tides"
        for name, size in FILES.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(hashlib.shake_128(name.encode()).digest(size))
        await made.publish_files("provider", "tides", [folder], price=1000)
        counted = {"openings": 2, "unit": "MiB", "tier": "kept"}
        await made.publish_files("provider", "counted", [folder / "last.bin"], price=1000, **counted)
        await made.publish("provider", "leased", (70_000,), price=250, openings=3)
        yield made
    finally:
        await made.stop()
    assert not leaks(made.people), "a secret stands in a log"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def exported(space):
    """The commands of docs/keeping.md, given as they are written in a folder; returns the folder."""
    text = (ROOT / "docs/keeping.md").read_text(encoding="utf-8").split(f"## {SECTION}\n")[1].split("\n## ")[0]
    folder = space.folder / "page"
    folder.mkdir()
    commands = [shlex.split(line)[1:] for line in re.findall(r"^    (penstock .+)$", text, re.MULTILINE)]
    assert [words[:2] for words in commands] == [["get", "tides"], ["vault", "export-keys"]]
    said = [await run([*words, "--data", str(space.people["buyer"].data)], folder) for words in commands]
    assert "from here on nobody counts" in said[-1]
    return folder


def content():
    return {name: hashlib.shake_128(name.encode()).digest(size) for name, size in FILES.items()}


def events(space, kind):
    return [row for row in space.rows("buyer", "log_entries") if row["kind"] == kind]


async def got_leased(space):
    """Get the leased product; the same again is the same. Its transfer goes on, for openings to come."""
    await space.get("leased")
    await space.complete("leased", within=WITHIN_SECONDS)


async def test_a_program_of_somebody_else_opens_every_byte(space, exported):
    """A process with nothing of ours on its path: only the key file and the file that it names."""
    keys = exported / "keys.json"
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    document = json.loads(keys.read_bytes())
    sealed = space.people["buyer"].data / "sealed" / document["file"]
    command = (sys.executable, "-I", opener.__file__, str(keys), str(sealed), str(exported / "opened"))
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, cwd="/")
    said, _ = await process.communicate()
    assert process.returncode == 0
    assert said.decode().splitlines() == [
        f"{hashlib.sha256(data).hexdigest()}  {name}" for name, data in sorted(content().items())
    ]
    assert {name: (exported / "opened" / name).read_bytes() for name in FILES} == content()


async def test_what_is_asked_for_over_http_is_what_the_text_says(space, exported):
    """Header and rows for anyone, sealed bytes by ticket: on the wire without gaps, on disk with them."""
    await got_leased(space)
    (transfer,) = [row for row in space.rows("buyer", "transfers") if row["state"] == "STARTED"]
    address = json.loads(transfer["address"])
    told = {one["name"]: one["value"] for one in address["endpointProperties"]}
    ticket = {"Authorization": "Ticket " + told["authorization"]}
    endpoint = address["endpoint"]
    async with aiohttp.ClientSession() as session:

        async def get(path, status=200, headers=None):
            async with session.get(endpoint + path, headers=headers) as answer:
                assert answer.status == status
                return await answer.read()

        header, rows = json.loads(await get("/header")), await get("/rows")
        edition_id = endpoint.rpartition("/")[2]
        edition = opener.Edition(bytes.fromhex(edition_id), header, rows)
        await get("/pieces?first=0&count=1", 401)
        wire = await get(f"/pieces?first=0&count={len(edition.rows)}", headers=ticket)
        last = len(edition.rows) - 1
        assert wire.endswith(await get(f"/pieces?first={last}&count=1", headers=ticket))
        others = json.loads(await get("/sources", headers=ticket))
        assert (set(others), others["sources"]) == ({"authorization", "sources"}, [])
    sealed = space.people["buyer"].data / "sealed" / f"{edition_id}.sealed"
    *places, size = edition.on_disk()
    assert sealed.stat().st_size == size > len(wire)
    on_wire = edition.cut(wire, edition.on_wire())
    assert on_wire == edition.cut(sealed.read_bytes(), places)
    assert [opener.b3(piece) for piece in on_wire] == [row[56:88] for row in edition.rows]


async def test_the_export_is_in_the_log_as_the_opening_that_it_is(space, exported):
    (row,) = events(space, "keys.exported")
    kinds = [one["kind"] for one in space.rows("buyer", "log_entries") if one["part"] == row["part"]]
    after = kinds[kinds.index("keys.exported") - 2 :]
    assert after[:5] == ["decision.made", "decision.made", "keys.exported", "opening.started", "opening.ended"]
    told = await penstock(space, "buyer", "vault", "lineage", row["part"])
    assert told["exported"] == "1"


def asked(acquisition, to, purpose=PURPOSE):
    return {"id": f"{acquisition}-{to.name}", "acquisition": acquisition, "purpose": purpose, "to": str(to)}


async def refused(space, path, body):
    """Ask the buyer's management API over HTTP; returns its refusal, which is of a policy or a table."""
    with pytest.raises(PenstockError) as said:
        await space.doors["buyer"].call("POST", path, body)
    return explain_failure(said.value)


async def test_an_insider_gets_no_more_openings_by_exporting(space, tmp_path):
    """Twice may be opened, however: two exports, and neither a third nor an opening."""
    await space.get("counted")
    await space.complete("counted", within=WITHIN_SECONDS)
    for number in (1, 2):
        said = await space.doors["buyer"].call("POST", EXPORTS, asked("counted", tmp_path / f"{number}.json"))
        assert unlike(ANSWERS["vault export-keys"], said) == ""
        assert said["number"] == number
    assert (await refused(space, EXPORTS, asked("counted", tmp_path / "3.json"))).exit_code == REFUSED
    assert (await refused(space, "openings", asked("counted", tmp_path / "opened"))).exit_code == REFUSED
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.json", "2.json"]


async def test_another_purpose_gets_no_keys(space, exported, tmp_path):
    before = len(events(space, "keys.exported"))
    assert (await refused(space, EXPORTS, asked("tides", tmp_path / "keys.json", "Marketing"))).exit_code == REFUSED
    assert not list(tmp_path.iterdir())
    assert len(events(space, "keys.exported")) == before


async def test_a_leased_replica_has_none_and_says_so(space, tmp_path):
    await got_leased(space)
    said = await refused(space, EXPORTS, asked("leased", tmp_path / "keys.json"))
    assert said.exit_code == REFUSED
    assert "each opening is bought" in said.text
    assert not list(tmp_path.iterdir())


async def test_trying_it_first_leaves_nothing(space, exported, tmp_path):
    words = ("vault", "export-keys", "tides", "--purpose", PURPOSE, "--to", str(tmp_path / "keys.json"), "--dry-run")
    before = len(events(space, "keys.exported"))
    said = await penstock(space, "buyer", *words)
    assert next((step["step"], step["what"]) for step in said["steps"]) == ("record", "decision.made")
    assert not list(tmp_path.iterdir())
    assert len(events(space, "keys.exported")) == before


async def test_nothing_is_written_over(space, exported):
    keys = exported / "keys.json"
    before = keys.read_bytes()
    assert "is there already" in (await refused(space, EXPORTS, asked("tides", keys))).text
    assert keys.read_bytes() == before
