"""Keys of a kept replica are handed out as an opening is: decided, counted, logged, and to nobody else."""

from __future__ import annotations

import json
import stat

import pytest
import pytest_asyncio

from connector.console import disclosed
from connector.consumer import key_export
from connector.custody import edition as editions
from connector.custody import lineage, replicas
from connector.runtime.errors import Conflict, InvalidInput, NotPermitted
from connector.store.rows.vault import EditionRow
from contracts.ranges import RowSet
from contracts.typed_data import Agreement
from contracts.typed_json import to_json
from tests.api.running import rule, running
from tests.interop import catalogue
from tests.stranger import opener

pytestmark = pytest.mark.asyncio(loop_scope="module")

PURPOSE = "AirTrafficResearch"
ANY = rule(("count", "lteq", "9"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def holder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("holder")
    async with running(folder, roles=("provider", "buyer")) as made:
        made.source = folder / "source.bin"
        yield made


async def held(holder, policy, tier="kept"):
    """Write all that a purchase leaves behind; returns the agreement's digest, which is the acquisition's id, too."""
    connector, sealed, now = holder.connector, holder.sealed, holder.connector.clock.now()
    terms = catalogue.terms("running") | {"salt": "05" * 32, "editionId": sealed.edition_id.hex()}
    digest, _ = await holder.agree(policy, tier=tier, terms=terms)
    signed = Agreement(
        b"\xa1" * 20, b"\xb2" * 20, b"\3" * 32, sealed.edition_id, b"\5" * 32, b"\xc3" * 20, 9, 9, b"\6" * 32, ""
    )
    new = replicas.prepare(connector.secrets, sealed.edition_id, sealed.header.json(), sealed.table.data)
    own = await holder.store.read(lambda tx: tx.get(EditionRow, id=sealed.edition_id.hex()))
    secrets = editions.row_secrets(connector.secrets, own, sealed.table, range(holder.rows))

    def act(tx):
        tx.update("agreements", {"digest": digest}, role="consumer", agreement=to_json(signed))
        replicas.record(tx, new, agreement=digest, now=now)
        replicas.note_bytes(tx, new.replica_id, RowSet(((0, holder.rows),)))
        replicas.store_secrets(tx, connector.secrets, new.replica_id, secrets)
        about = {"product": "running", "provider": "", "state": "complete", "agreement": digest}
        tx.insert("acquisitions", id=digest, **about, created=now, updated=now)

    await holder.store.write(act)
    return digest


def asked(digest, to, key="first"):
    return {"id": f"{digest[:8]}-{key}", "acquisition": digest, "purpose": PURPOSE, "to": str(to)}


async def kinds(holder, digest):
    rows = await holder.store.read(lambda tx: tx.find("log_entries", "part = ?", (digest,), order="idx"))
    return [row["kind"] for row in rows]


async def test_the_file_opens_every_byte_and_is_its_owner_s_alone(holder, tmp_path):
    digest, to = await held(holder, ANY), tmp_path / "keys.json"
    told = await holder.connector.openings.export_keys(asked(digest, to))
    assert (told["number"], told["file"], told["warning"]) == (1, str(to), key_export.WARNING)
    assert stat.S_IMODE(to.stat().st_mode) == 0o600
    document = json.loads(to.read_bytes())
    assert document["agreement"] == digest
    sealed = holder.connector.blobs.folder / document["file"]
    assert opener.open_key_file(document, sealed.read_bytes()) == {"source.bin": holder.source.read_bytes()}
    decided = ["decision.made", "decision.made", "keys.exported"]
    assert await kinds(holder, digest) == [*decided, "opening.started", "opening.ended"]
    assert [len(await holder.decisions(digest, place)) for place in ("export", "opening")] == [1, 1]


async def test_the_same_again_is_the_same_and_is_not_counted(holder, tmp_path):
    digest, to = await held(holder, rule(("count", "lteq", "1"))), tmp_path / "keys.json"
    openings = holder.connector.openings
    told = await openings.export_keys(asked(digest, to))
    assert await openings.export_keys(asked(digest, to)) == told
    with pytest.raises(NotPermitted):
        await openings.export_keys(asked(digest, tmp_path / "more.json", "second"))
    with pytest.raises(NotPermitted):  # it was an opening, and the only one
        await openings.open(asked(digest, tmp_path / "opened", "third"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["keys.json"]


async def test_what_failed_on_the_way_to_the_disk_goes_on_and_is_counted_once(holder, tmp_path, monkeypatch):
    digest, to = await held(holder, rule(("count", "lteq", "1"))), tmp_path / "keys.json"

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(key_export, "write", full)
        with pytest.raises(OSError, match="space"):
            await holder.connector.openings.export_keys(asked(digest, to))
    assert "keys.exported" in await kinds(holder, digest)
    assert (await holder.connector.openings.export_keys(asked(digest, to)))["number"] == 1
    assert to.exists()


async def test_a_policy_that_lets_nothing_out_lets_no_keys_out(holder, tmp_path):
    policy = ANY | {"prohibition": [{"action": "download"}], "conflict": "prohibit"}
    digest, openings = await held(holder, policy), holder.connector.openings
    with pytest.raises(NotPermitted):
        await openings.export_keys(asked(digest, tmp_path / "keys.json"))
    assert not list(tmp_path.iterdir())
    assert "keys.exported" not in await kinds(holder, digest)
    assert (await openings.open(asked(digest, tmp_path / "opened", "opening")))["number"] == 1


@pytest.mark.parametrize(("tier", "fault"), [("leased", NotPermitted), ("plain", Conflict)])
async def test_other_tiers_have_no_keys_to_hand_out(holder, tmp_path, tier, fault):
    digest = await held(holder, ANY, tier)
    with pytest.raises(fault, match="no keys"):
        await holder.connector.openings.export_keys(asked(digest, tmp_path / "keys.json"))
    assert await kinds(holder, digest) == []


async def test_nothing_is_written_over_and_no_link_is_followed(holder, tmp_path):
    digest, openings = await held(holder, ANY), holder.connector.openings
    (tmp_path / "there").write_text("precious")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for name in ("there", "link"):
        with pytest.raises(Conflict, match="is there already"):
            await openings.export_keys(asked(digest, tmp_path / name))
    for to in ("keys.json", tmp_path / "absent" / "keys.json"):
        with pytest.raises(InvalidInput):
            await openings.export_keys(asked(digest, to))
    assert (tmp_path / "there").read_text() == "precious"
    assert not (tmp_path / "elsewhere").exists()
    assert await kinds(holder, digest) == []


async def test_an_opening_cannot_pass_for_an_export(holder, tmp_path):
    digest, openings = await held(holder, ANY), holder.connector.openings
    with pytest.raises(InvalidInput, match="does not begin"):
        await openings.open(asked(digest, tmp_path / "opened") | {"id": key_export.PREFIX + "x"})
    with pytest.raises(NotPermitted):  # denied once under this id, and for good
        policy = rule(("count", "lteq", "0"))
        await openings.export_keys(asked(await held(holder, policy), tmp_path / "keys.json"))


async def test_a_later_deletion_says_that_keys_had_left(holder, tmp_path):
    digest = await held(holder, ANY)
    await holder.connector.openings.export_keys(asked(digest, tmp_path / "keys.json"))
    replica = await holder.store.read(lambda tx: replicas.seen(tx, digest))
    assert await holder.store.read(lambda tx: lineage.lineage(tx, digest)["exported"]) == "1"
    await holder.connector.erasing.erase(replica.id, "we are done")
    [event] = await holder.events("replica.deleted", digest)
    told = await holder.store.read(lambda tx: disclosed.fields(holder.connector.core, tx, event["idx"]))
    assert "exported 1 times before" in told["reason"]
