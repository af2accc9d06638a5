"""Projects in the audit: what is sold under one is signed by all its parties and split as they signed."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

from contracts import signature
from contracts.project import Party, Project
from ledger.audit import projects
from ledger.audit.report import Report
from tests.every import every
from tests.ledger.audit.shelf import AT, book, event, found, shelf

BANK, GRID, BUYER, EXCHANGE = "did:web:bank", "did:web:grid", "did:web:buyer", "did:web:exchange"
KEYS = {did: bytes([at + 1]) * 32 for at, did in enumerate((BANK, GRID, BUYER, EXCHANGE))}
ADDRESS = {did: signature.address(key) for did, key in KEYS.items()}
PROJECT = Project(
    "power",
    "Credit by power use",
    "",
    (Party(BANK, "provider", ADDRESS[BANK], 6_000), Party(GRID, "provider", ADDRESS[GRID], 4_000)),
    datetime(2027, 1, 1, tzinfo=UTC),
)
FEE = 1_000
SPLIT = PROJECT.split(ADDRESS[BANK], ADDRESS[EXCHANGE], FEE)
AGREEMENT = bytes([7]) * 32
SPACE = SimpleNamespace(
    members={did: SimpleNamespace(address=one, accounts=(one,)) for did, one in ADDRESS.items()},
    exchange=EXCHANGE,
    fee_bps=FEE,
)


def signed(did, project=PROJECT, key=None, part=None):
    proof = signature.sign(project.digest, key or KEYS[did]).hex()
    return event("project.signed", part or project.digest.hex(), document=project.json(), signature=proof)


def checked(bank, grid, *, split=SPLIT, provider=BANK, named=PROJECT.digest, newest=None):
    deal = SimpleNamespace(
        digest=AGREEMENT, provider=provider, buyer=BUYER, terms=SimpleNamespace(project=named, split=split)
    )
    report = Report()
    agreed = event("agreement.signed", AGREEMENT.hex())
    more = {} if newest is None else {"newest": newest}
    books = shelf(book(BANK, *bank), book(GRID, *grid, **more), book(BUYER, agreed))
    projects.check(SPACE, books, {AGREEMENT.hex(): deal}, report)
    return [(code, who) for code, who, _ in found(report)]


def test_what_all_signed_and_is_split_so_is_nobodys_fault():
    assert checked([signed(BANK)], [signed(GRID)]) == []
    by_grid = PROJECT.split(ADDRESS[GRID], ADDRESS[EXCHANGE], FEE)
    assert by_grid.parts[0] == (ADDRESS[GRID], 3_600)
    assert checked([signed(BANK)], [signed(GRID)], provider=GRID, split=by_grid) == []
    assert checked([], [], named=b"") == []


def test_who_sells_without_the_others_signature_is_found():
    assert checked([signed(BANK)], []) == [("project-unsigned", BANK)]
    # but not as long as the other's log was not read so far
    assert checked([signed(BANK)], [], newest=AT) == []
    assert checked([], []) == [("project-unsigned", BANK)]


@every("forged", [
    signed(GRID, key=KEYS[BANK]),
    signed(GRID, part="00" * 32),
    event("project.signed", PROJECT.digest.hex(), document=PROJECT.json(), signature="00"),
    event("project.signed", PROJECT.digest.hex(), document={}, signature="00" * 65),
])  # fmt: skip
def test_a_signature_that_is_none_is_found_and_counts_as_nothing(forged):
    assert checked([signed(BANK)], [forged]) == [("field-malformed", GRID), ("project-unsigned", BANK)]


def test_who_keeps_more_than_was_signed_is_found():
    other = Project(PROJECT.id, PROJECT.title, "", (
        Party(BANK, "provider", ADDRESS[BANK], 9_000), Party(GRID, "provider", ADDRESS[GRID], 1_000)
    ), PROJECT.until)  # fmt: skip
    greedy = other.split(ADDRESS[BANK], ADDRESS[EXCHANGE], FEE)
    assert checked([signed(BANK)], [signed(GRID)], split=greedy) == [("project-split-differs", BANK)]
    without_fee = PROJECT.split(ADDRESS[BANK], ADDRESS[EXCHANGE], 0)
    assert checked([signed(BANK)], [signed(GRID)], split=without_fee) == [("project-split-differs", BANK)]


def test_a_seller_that_is_no_party_is_found():
    found_ = checked([signed(BANK)], [signed(GRID)], provider=BUYER)
    assert found_ == [("project-split-differs", BUYER)]
