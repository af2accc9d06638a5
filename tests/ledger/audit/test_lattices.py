"""How many heads would stand where Ed25519 has fallen: a figure by what witnesses publish, never a finding."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from ledger.audit import lattices
from ledger.audit.books import Head
from ledger.log import checkpoint as checkpoints
from ledger.log import cosignature
from tests.ledger.audit.diary import WITNESSED_BY
from tests.ledger.audit.test_heads import BUYER, BY_ROLE, DIARIES, SIZE, SPACE, note
from tests.ledger.audit.values import book

KEYS = {name: MLDSA44PrivateKey.from_seed_bytes(bytes([at]) * 32) for at, name in enumerate(WITNESSED_BY, 1)}
TOLD = {
    BY_ROLE[name].did: {
        "logKey": BY_ROLE[name].log_key.hex(),
        "cosigner": key.public_key().public_bytes_raw().hex(),
    }
    for name, key in KEYS.items()
}
NOW = 1_800_000_000


def read(*names, signer=None):
    """Return the buyer's log whose head these witnesses cosigned with their lattice keys."""
    bare = note(by=("exchange", "regulator"))
    head = checkpoints.parse_text(bare.text)
    lines = [cosignature.cosign_lattice(head, DIARIES[name].witness.name, KEYS[signer or name], NOW) for name in names]
    return {BUYER.did: book(BUYER, head=Head(bare.sign_with(*lines), head, None, None))}


def row(books, told=TOLD):
    found = lattices.gather(SPACE, books, told)["post_quantum"]
    [only] = found["logs"]
    assert (found["heads"], found["cosigned"]) == (1, int(only["quorum"]))
    return only


@pytest.mark.parametrize(
    ("names", "cosigned", "quorum"),
    [((), 0, False), (("exchange",), 1, False), (("exchange", "regulator"), 2, True), (("provider",), 0, False)],
)
def test_a_head_counts_by_the_quorum_of_its_witnesses(names, cosigned, quorum):
    told = {"size": str(SIZE), "witnesses": 2, "cosigned": cosigned, "quorum": quorum}
    assert row(read(*names)) == {"party": BUYER.did} | told


def test_a_key_counts_that_its_owner_publishes_and_no_other():
    both = read("exchange", "regulator")
    exchange = BY_ROLE["exchange"].did
    for other in ("", "zz", "00" * 1311, "00" * 1312):
        assert row(both, TOLD | {exchange: TOLD[exchange] | {"cosigner": other}})["cosigned"] == 1
    assert row(both, TOLD | {exchange: TOLD[exchange] | {"logKey": "00" * 32}})["cosigned"] == 1
    assert row(both, TOLD | {exchange: {}})["cosigned"] == 1
    assert row(both, {})["cosigned"] == 0
    assert row(read("exchange", "regulator", signer="provider"))["cosigned"] == 0


async def test_an_audit_has_the_figure_and_finds_nothing_in_it(world):
    report = await world.audit()
    assert report.clean
    found = report.figures["post_quantum"]
    assert (found["heads"], found["cosigned"]) == (4, 0)
    assert [one["party"] for one in found["logs"]] == sorted(one.did for one in world.space.values())
