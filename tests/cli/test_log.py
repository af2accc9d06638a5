"""`penstock log` on a real data directory, a folder and a web server: fsck, proof, verify, policy."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime

import pytest
from aiohttp import web

from connector.identity import keys
from connector.runtime import settings
from connector.runtime.data_folder import DATABASE, KEYS
from connector.store.evidence import Evidence
from connector.store.store import Store
from connector.store.tables import TABLES
from ledger.log import mirror, proof
from ledger.log import note as notes
from ledger.log import policy as log_policy
from ledger.log.policy import LogPolicy
from tests.connector.store.test_evidence import grow
from tests.ledger.space.test_document import made

SIZE = 300


@pytest.fixture
def data(participant):
    """A data directory with a log of 300 entries."""
    made = participant()
    held, known = keys.load(made / KEYS), settings.load(made, os.environ)
    evidence = Evidence(known.did, known.log_origin, held.log, {"owner": held.delivery_public})

    async def fill():
        store = await Store.open(made / DATABASE, TABLES)
        await grow(store, evidence, SIZE)
        await store.close()

    asyncio.run(fill())
    return made


@pytest.fixture
def policy(data, tmp_path):
    """A file that names the log's key, and no witness."""
    origin = settings.load(data, os.environ).log_origin
    path = tmp_path / "log.policy"
    key = notes.log_vkey(origin, keys.load(data / KEYS).log_public)
    path.write_text(LogPolicy((key,), {}, {}, log_policy.NONE).encode())
    return path


@pytest.fixture
def copy(data, tmp_path):
    """A folder with the files of the same log."""
    folder, found = tmp_path / "copy", {}

    async def read():
        store = await Store.open(data / DATABASE, TABLES)
        size = await store.read(lambda tx: tx.execute("SELECT max(idx) + 1 AS n FROM log_entries")[0]["n"])
        evidence = Evidence("", "", keys.load(data / KEYS).log, {})
        for tile in mirror.resources(size):
            found[tile.path] = await store.read(lambda tx, path=tile.path: evidence.tile(tx, path))
        found["checkpoint"] = await store.read(evidence.published)
        await store.close()

    asyncio.run(read())
    for path, body in found.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(body)
    return folder


def test_the_own_log(penstock, data):
    said = penstock("log", "fsck", "--data", data, "--json")
    assert said.code == 0, said.err
    counts = {name: said.json[name] for name in ("size", "entries", "boxes", "heads", "signed", "whole")}
    assert counts == {"size": "300", "entries": "300", "boxes": "300", "heads": "2", "signed": True, "whole": True}
    assert "whole (300 entries" in penstock("log", "fsck", "--data", data).out
    assert penstock("log", "fsck", "--data", data / "none").code == 2


def test_a_log_in_which_nothing_was_recorded_is_whole_unless_it_was_anchored(penstock, participant):
    made = participant()

    async def begin(*anchors):
        store = await Store.open(made / DATABASE, TABLES)
        await store.write(lambda tx: [tx.put("anchors", **anchor) for anchor in anchors])
        await store.close()

    asyncio.run(begin())
    said = penstock("log", "fsck", "--data", made, "--json")
    assert (said.code, said.json["whole"], said.json["size"], said.json["flaws"]) == (0, True, "0", [])
    assert "nothing was recorded in it yet" in penstock("log", "fsck", "--data", made).out
    at = datetime(2026, 3, 1, tzinfo=UTC)
    asyncio.run(begin({"origin": "o", "size": 3, "root": bytes(32), "tx": "00", "block": 1, "at": at}))
    said = penstock("log", "fsck", "--data", made, "--json")
    assert (said.code, [flaw["code"] for flaw in said.json["flaws"]]) == (6, ["checkpoint-unreadable"])


def test_a_copy_in_a_folder_and_behind_a_url(penstock, copy, policy, served):
    application = web.Application()
    application.router.add_static("/log", copy)
    url = served(application) + "/log"
    for place in ([copy], ["--url", url, "--development"]):
        said = penstock("log", "fsck", *place, "--log-policy", policy, "--json")
        assert (said.code, said.json["whole"], said.json["signed"]) == (0, True, True), said.err
        assert "name its key" in penstock("log", "fsck", *place).out
    (copy / "tile/entries/000").write_bytes(b"x" + (copy / "tile/entries/000").read_bytes()[1:])
    (copy / "tile/0/001.p/44").unlink()
    for place in ([copy], ["--url", url, "--development"]):
        said = penstock("log", "fsck", *place, "--json")
        assert said.code == 6
        assert [flaw["code"] for flaw in said.json["flaws"]] == ["resource-malformed", "resource-lost"]
        assert "at fault: its keeper; try: take this file from a copy" in penstock("log", "fsck", *place).out
    assert penstock("log", "fsck", "--url", "http://localhost:1111/log", "--development").code == 7
    assert penstock("log", "fsck", copy / "none").code == 2
    assert penstock("log", "fsck", copy, "--url", url).code == 2


def test_a_proof_goes_out_and_verifies_offline(penstock, data, policy, tmp_path):
    out, entry = tmp_path / "7.tlog-proof", tmp_path / "7.entry"
    said = penstock("log", "proof", "7", "-o", out, "--entry", entry, "--data", data, "--json")
    assert said.code == 0, said.err
    assert out.read_text() == said.json["proof"]
    assert proof.parse(out.read_text()).index == 7
    by_leaf = penstock("log", "proof", said.json["leaf"], "--data", data)
    assert by_leaf.out == out.read_text()
    verified = penstock("log", "verify", out, "--entry", entry, "--log-policy", policy, "--json")
    assert (verified.code, verified.json["index"], verified.json["size"]) == (0, "7", str(SIZE))
    entry.write_bytes(entry.read_bytes() + b" ")
    assert penstock("log", "verify", out, "--entry", entry, "--log-policy", policy).code == 6


@pytest.mark.parametrize(("which", "code"), [("300", 4), ("ab" * 32, 4), ("seven", 2), ("9" * 30, 2)])
def test_what_cannot_be_proven(penstock, data, which, code):
    assert penstock("log", "proof", which, "--data", data).code == code


def test_the_policy_of_a_members_log(penstock, served, participant):
    space, did = made(), "did:web:provider"

    async def answer(_request):
        return web.json_response(space.json())

    application = web.Application()
    application.router.add_get("/space", answer)
    data = participant(space__exchange=served(application))
    said = penstock("log", "policy", did, "--data", data)
    assert said.code == 0, said.err
    found = log_policy.parse(said.out)
    assert found.logs == (space.members[did].log_vkey,)
    assert found.witnesses == space.log_policy(did).witnesses
    assert list(found.urls.values()) == [space.members[did].url + "/log"]
    assert penstock("log", "policy", "did:web:nobody", "--data", data).code == 4
    space = made(("exchange", "provider"))
    lone = log_policy.parse(penstock("log", "policy", did, "--data", data).out)
    assert (len(lone.witnesses), lone.quorum) == (1, log_policy.NONE)
