"""Regulators who share an audit: what each may do wrong, that it is named, and that nothing is clean by it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from connector.regulator.proven_folder import ProvenFolder
from contracts import signature
from ledger.audit import sampling
from ledger.audit.archive import Archive
from ledger.audit.audit import run
from ledger.audit.carried import Going
from ledger.audit.cut import Cut
from ledger.audit.joining import Joining
from ledger.audit.opened import OPENED, OpenedRecording
from ledger.audit.part import NotAPart, Part
from ledger.audit.share import NotYours, Share
from ledger.audit.sums import Edition, Sums
from ledger.audit.unsealing import openers_of
from ledger.space.document import REVOKED
from tests.connector.audit.gone_on import SECRET, Chained, grown
from tests.connector.audit.shared import SEED, SHARED, Supervised, joined, parts, signed, told, traded, whole
from tests.ledger.audit.diary import SUPERVISOR
from tests.ledger.audit.test_anchors import rob
from tests.ledger.audit.world import Given

CUT = Cut(SEED, 3)
OTHER = b"\x09" * 32
STRANGER = X25519PrivateKey.from_private_bytes(b"\x78" * 32)


@pytest.fixture
def world():
    made = Supervised()
    traded(made)
    made.go_on()
    made.go_on(days=40)
    return made


def forged(world):
    """Have one trade charge more than was agreed."""
    provider = world["provider"]
    provider.alter(provider.find("keys.released", 1), amount="1")


def named(report):
    return [(one.code, one.facts["share"]) for one in report.findings if one.code in SHARED]


def _place(row):
    return row["code"], row["subject"], row.get("index")


def rows(report):
    return {one["share"]: one for one in report.shared["shares"]}


@pytest.mark.parametrize("count", [0, 1, 100])
async def test_what_is_added_up_is_taken_from_the_parts_once(world, count):
    found = await parts(world, CUT)
    assert all(one.closed for one in found.values())
    report = await joined(world, CUT, signed(world, found.values()), samples=count)
    assert told(report) == await whole(world)
    assert (named(report), sum(one["sampled"] for one in rows(report).values())) == ([], min(3 * count, 8))


async def test_a_head_that_stolen_keys_anchored_is_judged_by_who_joins(world):
    rob(world)
    found = await parts(world, CUT)
    report = await joined(world, CUT, signed(world, found.values()))
    assert "anchor-without-checkpoint" in report.codes()
    assert told(report) == await whole(world)


async def test_only_what_is_open_or_sampled_is_judged_by_who_joins(world, monkeypatch):
    found = await parts(world, CUT)
    seen = []
    monkeypatch.setattr("ledger.audit.decisions._judge", lambda _space, event, *_: seen.append(event.part))
    await joined(world, CUT, signed(world, found.values()), samples=0)
    assert seen == []


async def test_a_lie_that_a_sample_meets_is_named_and_the_share_is_judged_anew(world):
    forged(world)
    found = await parts(world, CUT)
    (liar,) = (number for number, one in found.items() if one.open)
    clean = replace(found[liar], closed=found[liar].closed | dict.fromkeys(found[liar].open, Sums()), open=frozenset())
    report = await joined(world, CUT, signed(world, {**found, liar: clean}.values()))
    assert named(report) == [("share-contradicted", str(liar))]
    assert rows(report)[liar]["state"] == "contradicted"
    assert told(report) == await whole(world)
    assert "amount-differs-from-tariff" in report.codes()


async def test_a_false_sum_is_a_lie(world):
    found = await parts(world, CUT)
    first = next(iter(found[1].closed))
    wrong = found[1].closed[first].copy()
    wrong.counts["amount_agreed"] += 1
    lying = replace(found[1], closed={**found[1].closed, first: wrong})
    report = await joined(world, CUT, signed(world, [lying, found[2], found[3]]))
    assert named(report) == [("share-contradicted", "1")]
    assert told(report) == await whole(world)


async def test_who_is_absent_or_leaves_something_out_is_named_and_it_is_judged(world):
    forged(world)
    found = await parts(world, CUT)
    for number, one in found.items():
        others = [two for two in found.values() if two is not one]
        report = await joined(world, CUT, signed(world, others))
        assert named(report) == [("share-absent", str(number))]
        assert told(report) == await whole(world)
        less = replace(one, closed=dict(list(one.closed.items())[1:]), open=frozenset())
        report = await joined(world, CUT, signed(world, [*others, less]))
        assert named(report) == [("share-incomplete", str(number))]
        assert told(report) == await whole(world)


def of_another_seed(_world, part):
    return replace(part, cut=Cut(OTHER, 3))


def of_fewer_shares(_world, part):
    return replace(part, cut=Cut(SEED, 2))


def of_older_records(_world, part):
    return replace(part, ground=replace(part.ground, heads="00" * 32))


def of_an_older_chain(_world, part):
    return replace(part, ground=replace(part.ground, chain="00" * 32))


def of_other_rules(_world, part):
    return replace(part, ground=replace(part.ground, under=replace(part.ground.under, rules="00")))


def beyond_its_share(_world, part):
    return replace(part, closed={**part.closed, "what is no matter": Sums()})


def with_editions_of_a_stranger(_world, part):
    first = next(iter(part.closed))
    wrong = Sums(editions={Edition(b"\x01" * 32, "did:web:stranger", b"\x01" * 32)})
    return replace(part, closed={**part.closed, first: wrong})


def by_no_regulator(world, part):
    return part.signed(world["buyer"].secret)


def by_another_regulator(world, part):
    (other, *_) = (secret for secret in world.regulators.values() if secret != world.secret(CUT, part.share))
    return part.signed(other)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (of_another_seed, "another cut"),
        (of_fewer_shares, "another cut"),
        (of_older_records, "differ: heads"),
        (of_an_older_chain, "differ: chain"),
        (of_other_rules, "differ: rules"),
        (beyond_its_share, "not of its share"),
        (with_editions_of_a_stranger, "no member"),
        (by_no_regulator, "not signed by a regulator"),
        (by_another_regulator, "another regulator's"),
    ],
)
async def test_a_part_that_is_not_of_this_audit_is_refused_and_its_share_judged(world, change, why):
    found = await parts(world, CUT)
    spoiled = change(world, found[2])
    document = spoiled if isinstance(spoiled, bytes) else spoiled.signed(world.secret(CUT, 2))
    report = await joined(world, CUT, [document, *signed(world, [found[1], found[3]])])
    assert named(report) == [("share-absent", "2"), ("share-refused", str(Part.read(document)[0].share))]
    assert any(why in one.text() for one in report.findings if one.code == "share-refused")
    assert told(report) == await whole(world)


async def test_a_part_of_before_is_no_part_of_now(world):
    found = await parts(world, CUT)
    forged(world)
    report = await joined(world, CUT, signed(world, found.values()))
    assert [code for code, _ in named(report)] == ["share-absent"] * 3 + ["share-refused"] * 3
    assert told(report) == await whole(world)


async def test_two_parts_of_one_share_count_only_if_they_are_alike(world):
    found = await parts(world, CUT)
    documents = signed(world, found.values())
    assert named(await joined(world, CUT, [documents[0], *documents])) == []
    less = replace(found[1], closed={}, open=frozenset(found[1].closed))
    report = await joined(world, CUT, [*documents, *signed(world, [less])])
    assert named(report) == [("share-absent", "1"), ("share-refused", "1")]
    assert told(report) == await whole(world)


async def test_who_is_no_member_any_more_judges_nothing(world):
    found = await parts(world, CUT)
    gone = CUT.holders(world.regulators)[2]
    world.barred[gone] = REVOKED
    report = await joined(world, CUT, signed(world, found.values()))
    refused = {one.subject for one in report.findings if one.code == "share-refused"}
    assert gone not in {one["regulator"] for one in rows(report).values()}
    assert len(refused) == 3
    assert told(report) == await whole(world)


async def test_nobody_judges_the_share_of_another(world):
    (other, *_) = (secret for secret in world.regulators.values() if secret != world.secret(CUT, 1))
    share = Share(CUT, 1, signature.address(other))
    with pytest.raises(NotYours, match=CUT.holders(world.regulators)[1]):
        await run(Given(world), SUPERVISOR, None, Going(sharing=share))


async def test_what_was_proven_before_is_not_read_again_by_a_share_or_a_join(world, tmp_path):
    grown(world)
    going = Going(ProvenFolder(tmp_path, SECRET))
    first = await run(Chained(world), SUPERVISOR, None, going)
    found = []
    for number in range(1, 4):
        share = Share(CUT, number, signature.address(world.secret(CUT, number)))
        await run(Chained(world), SUPERVISOR, None, replace(going, sharing=share))
        found.append(share.part)
    joining = Joining(CUT, [Part.read(one) for one in signed(world, found)], SEED)
    report = await run(Chained(world), SUPERVISOR, None, replace(going, sharing=joining))
    assert int(report.went_on["entries"]) > 0
    assert named(report) == []
    assert {**told(report), "went_on": {}} == told(first)


async def test_own_parts_are_not_sampled(world):
    found = await parts(world, CUT)
    account = signature.address(world.secret(CUT, 2))
    report = await joined(world, CUT, signed(world, found.values()), account=account)
    own = [
        number for number, did in CUT.holders(world.regulators).items() if world.regulators[did] == world.secret(CUT, 2)
    ]
    assert [number for number, one in rows(report).items() if not one["sampled"]] == own


@pytest.mark.parametrize("change", [b'"v":1', b'"open"', b'"closed"'])
async def test_what_is_no_part_is_said_to_be_none(world, change):
    (document, *_) = signed(world, (await parts(world, CUT)).values())
    with pytest.raises(NotAPart):
        Part.read(document.replace(change, b'"x":7'))


@pytest.mark.parametrize("counts", [{"findings": 1}, {"what is counted nowhere": 1}])
async def test_a_sum_of_what_is_not_counted_is_none(world, counts):
    part = (await parts(world, CUT))[1]
    wrong = replace(part, closed=dict.fromkeys(part.closed, Sums(Counter(counts))))
    with pytest.raises(NotAPart, match="nothing that an audit counts"):
        Part.read(wrong.signed(OTHER))


@pytest.mark.parametrize("share", [[1], "1", None, True])
async def test_a_share_is_a_number(world, share):
    part = replace((await parts(world, CUT))[1], share=share)
    with pytest.raises(NotAPart, match="no number"):
        Part.read(part.signed(OTHER))


async def test_a_matter_stands_in_a_part_once(world):
    part = (await parts(world, CUT))[1]
    twice = replace(part, open=frozenset(part.closed))
    with pytest.raises(NotAPart, match="twice"):
        Part.read(twice.signed(OTHER))


def test_samples_are_as_many_as_the_formula_says():
    assert sampling.caught(10**6, sampling.SAMPLES) == pytest.approx(1 - 0.99**sampling.SAMPLES, abs=1e-3)
    assert sampling.caught(10**6, sampling.SAMPLES) >= 0.99 > sampling.caught(10**6, sampling.SAMPLES - 2)
    assert (sampling.caught(5, 5), sampling.caught(5, 0), sampling.caught(0, 0)) == (1.0, 0.0, 0.0)
    drawn = sampling.draw([str(number) for number in range(100)], SEED, 10)
    assert len(drawn) == 10
    assert drawn != sampling.draw([str(number) for number in range(100)], OTHER, 10)


@pytest.mark.parametrize(("seed", "of"), [(b"short", 2), (SEED, 0), (SEED, 65)])
def test_a_cut_has_bounds(seed, of):
    with pytest.raises(ValueError, match=r"seed|shares"):
        Cut(seed, of)


async def test_who_has_no_key_to_the_boxes_finds_the_same_in_what_was_opened(world):
    provider = world["provider"]
    provider.hidden.add(provider.find("keys.released", 1))
    world["buyer"].lies[world["buyer"].find("keys.received", 2)] = {"amount": "1"}
    kept = {}
    public = SUPERVISOR.public_key().public_bytes_raw()
    recording = OpenedRecording(Given(world), kept, openers_of(SUPERVISOR.private_bytes_raw()), public)
    first = told(await run(recording, SUPERVISOR))
    assert first == await whole(world)
    assert {"disclosure-missing", "disclosure-false"} <= {row["code"] for row in first["findings"]}
    again = told(await run(Archive(kept), STRANGER, None, Going(reader=public)))
    # an archive says otherwise than a server that a page is not there
    assert [_place(row) for row in again.pop("findings")] == [_place(row) for row in first.pop("findings")]
    assert again == first


async def test_a_log_that_serves_what_is_opened_discloses_nothing_by_it(world):
    url = f"{world['provider'].url}/log/addenda/0-{len(world['provider'].records)}"
    rows = json.loads(await Given(world).fetch(url))
    world.overrides[url] = json.dumps([{OPENED: "x" * 10_000} for _ in rows]).encode()
    codes = (await run(Given(world), SUPERVISOR)).codes()
    assert "events-undisclosed" in codes
    assert "disclosure-false" not in codes


async def test_what_was_opened_falsely_counts_as_disclosed_falsely(world):
    kept = {}
    recording = OpenedRecording(Given(world), kept, openers_of(SUPERVISOR.private_bytes_raw()), b"")
    await run(recording, SUPERVISOR)
    name = next(name for name in kept if "/addenda/" in name and world["provider"].url in name)
    rows = json.loads(kept[name])
    at = world["provider"].find("keys.released", 1)
    rows[at][OPENED][0][2] = "something else"
    rows[at + 1][OPENED], rows[at + 2] = 7, {OPENED: "it is another's"}
    kept[name] = json.dumps(rows).encode()
    report = await run(Archive(kept), STRANGER, None, Going(reader=SUPERVISOR.public_key().public_bytes_raw()))
    found = {one.index for one in report.findings if one.code == "disclosure-false"}
    assert {at, at + 1, at + 2} <= found
