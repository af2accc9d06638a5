"""An audit that goes on from what was proven; what is kept hides nothing, and what does not fit is refused."""

from __future__ import annotations

import sqlite3

import pytest

from connector.cli.audit import lines
from connector.regulator.proven_folder import DOCUMENT, ProvenFolder
from contracts.typed_data import Range
from ledger.audit import carried
from ledger.audit.audit import AuditImpossible, run
from ledger.audit.page import page
from ledger.audit.sources import Unavailable
from tests.connector.audit.gone_on import OTHER, SECRET, Chained, from_the_beginning, go_on, grown, said
from tests.ledger.audit.diary import SUPERVISOR
from tests.ledger.audit.test_anchors import rob
from tests.ledger.audit.world import World

BUNDLE = 256


@pytest.fixture
def world():
    return grown(World())


def _shown(report):
    return {"audit": "clean", **report.json()}


async def test_what_was_proven_is_not_read_again_and_the_report_says_so(world, tmp_path):
    folder = tmp_path / "what? 100 % #1"
    first, asked = await go_on(world, folder)
    assert first.went_on == {}
    world.window(world.channel_a, [(world.kept, 2, Range(0, 1), b"\x0a" * 32)])
    world.go_on()
    second, later = await go_on(world, folder)
    assert said(second) == await from_the_beginning(world)
    assert second.went_on["entries"] == str(2 * BUNDLE)
    assert f"went on from {2 * BUNDLE} entries proven before" in page(_shown(second))
    assert "went on" not in page(_shown(first))
    unread = {url.rpartition("/log/")[2] for url in asked.asked.keys() - later.asked.keys()}
    assert {"tile/entries/000", "tile/0/000", "addenda/0-256"} <= unread


async def test_a_history_that_was_rewritten_since_is_said_and_audited_anew(world, tmp_path):
    await go_on(world, tmp_path)
    provider = world["provider"]
    provider.alter(provider.find("keys.released", 1), amount="1")
    report, _ = await go_on(world, tmp_path)
    assert [one.subject for one in report.findings if one.code == "log-rewritten"] == [provider.did]
    assert {"peer-saw-other-log", "amount-differs-from-tariff"} <= report.codes()
    assert said(report) == await from_the_beginning(world)
    third, _ = await go_on(world, tmp_path)
    assert "log-rewritten" not in third.codes(), "it was said, and the new history is what is gone on from"
    assert said(third) == said(report)


async def test_a_head_that_stolen_keys_anchored_since_is_told_as_from_the_beginning(world, tmp_path):
    await go_on(world, tmp_path)
    rob(world)
    for _ in range(2):
        report, _ = await go_on(world, tmp_path)
        assert "anchor-without-checkpoint" in report.codes()
        assert said(report) == await from_the_beginning(world)


async def test_what_a_member_no_longer_serves_shows_when_all_is_proven_anew(world, tmp_path):
    await go_on(world, tmp_path)
    world["buyer"].hidden.add(world["buyer"].find("keys.received", 1))
    assert "disclosure-missing" not in (await go_on(world, tmp_path))[0].codes()
    report, _ = await go_on(world, tmp_path, anew=True)
    assert report.went_on == {}
    assert "disclosure-missing" in report.codes()


async def test_what_was_not_disclosed_is_asked_for_again(world, tmp_path):
    buyer = world["buyer"]
    buyer.hidden.add(buyer.find("keys.received", 1))
    for _ in range(2):
        assert "disclosure-missing" in (await go_on(world, tmp_path))[0].codes()
    buyer.hidden.clear()
    for _ in range(2):
        assert said((await go_on(world, tmp_path))[0]) == await from_the_beginning(world)


def signed_by_another(folder):
    proven = ProvenFolder(folder, SECRET).read()
    (folder / DOCUMENT).write_bytes(proven.signed(OTHER))


def a_number_changed(folder):
    text = (folder / DOCUMENT).read_text()
    assert '"size":"256"' in text
    (folder / DOCUMENT).write_text(text.replace('"size":"256"', '"size":"512"'))


def a_row_removed(folder):
    (path,) = folder.glob("*.db")
    connection = sqlite3.connect(path, isolation_level=None)
    assert connection.execute("delete from entries where kind = 'keys.released'").rowcount
    connection.close()


def the_table_removed(folder):
    (path,) = folder.glob("*.db")
    path.unlink()


def no_document(folder):
    (folder / DOCUMENT).write_bytes(b'{"proven": 7}')


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (signed_by_another, "not signed by the key"),
        (a_number_changed, "not signed by the key"),
        (a_row_removed, "the digest of its table"),
        (the_table_removed, "is not there"),
        (no_document, "cannot be read"),
    ],
)
async def test_what_is_not_whole_is_refused_and_all_is_proven_anew(world, tmp_path, spoil, why):
    await go_on(world, tmp_path)
    spoil(tmp_path)
    report, asked = await go_on(world, tmp_path)
    assert why in report.went_on["refused"]
    assert any(why in line for line in lines(_shown(report)))
    assert any(url.endswith("/tile/entries/000") for url in asked.asked)
    assert said(report) == await from_the_beginning(world)
    assert "entries" in (await go_on(world, tmp_path))[0].went_on, "what was proven anew is kept in its place"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"program": "2"}, "program"),
        ({"rules": "00"}, "rules"),
        ({"deployment": "33" * 32}, "deployment"),
        ({"salt": 1}, "another block"),
        ({}, ""),
    ],
)
async def test_what_was_proven_under_something_else_is_refused(world, tmp_path, monkeypatch, changes, why):
    await go_on(world, tmp_path)
    document = world.document()
    if "rules" in changes:
        monkeypatch.setattr(carried, "rules_digest", lambda: changes["rules"])
    if "deployment" in changes:
        document["deployment"]["salt"] = changes["deployment"]
        monkeypatch.setattr(world, "document", lambda: document)
    asked = {name: changes[name] for name in changes.keys() & {"program", "salt"}}
    report, _ = await go_on(world, tmp_path, **asked)
    assert why in report.went_on.get("refused", "")
    assert ("entries" in report.went_on) is not bool(why)


async def test_an_audit_that_could_not_end_keeps_nothing(world, tmp_path, monkeypatch):
    await go_on(world, tmp_path)
    kept = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    grown(world)

    async def away(_self, _number):
        raise Unavailable("gone")

    monkeypatch.setattr(Chained, "block", away)
    with pytest.raises(AuditImpossible, match="gone"):
        await go_on(world, tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == kept


async def test_without_a_place_nothing_is_kept_or_said(world):
    assert (await run(Chained(world), SUPERVISOR)).went_on == {}


def test_tables_are_written_together_so_that_they_stay_few():
    before, written = [], 0
    for _ in range(1000):
        count = carried.merged(before, 10)
        gone = before[len(before) - count :]
        written += 10 + sum(gone)
        before = [*before[: len(before) - count], 10 + sum(gone)]
        assert len(before) <= carried.TABLES_MAX
    assert written < 1000 * 10 * 12, "a row is written a dozen times in a thousand audits"
