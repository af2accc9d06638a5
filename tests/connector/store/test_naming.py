"""A beginning of an id means the one that begins so; several are refused by name, and what is there means itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from connector.negotiation.protocol.states import STARTED
from connector.runtime.errors import InvalidInput
from connector.store import naming
from connector.store.rows.agreement import AcquisitionRow, AcquisitionState, AgreementRow
from connector.store.rows.protocol import TransferRow

NOW = datetime(2026, 11, 23, tzinfo=UTC)
URN = "urn:uuid:"
KEYS = ("aaaaaa11", "aaaaaa22", "bbbbbbbb", "short", "shorter")
DIGESTS = ("cc" * 32, "cd" * 32)


def acquisition(key):
    return AcquisitionRow(
        id=key, product="p", mandate={}, state=AcquisitionState.WANTED, progress={}, created=NOW, updated=NOW
    )


def agreement(digest):
    told = {"role": "buyer", "negotiation": "n", "peer": "did:web:p", "product": "tides", "edition": "ed" + digest[2:]}
    return AgreementRow(digest=digest, odrl={}, state="signed", created=NOW, **told)


@pytest.fixture
async def known(store):
    def fill(tx):
        for key in KEYS:
            tx.put(acquisition(key))
        for digest in DIGESTS[:1]:
            tx.put(agreement(digest))
        tx.put(replace(acquisition("got"), agreement=DIGESTS[0]))

    await store.write(fill)
    return lambda kind, text: store.read(lambda tx: naming.meant(tx, kind, text))


@pytest.mark.parametrize(
    ("kind", "text", "whole"),
    [
        ("acquisition", "aaaaaa1", "aaaaaa11"),
        ("acquisition", "bbbbbb", "bbbbbbbb"),
        ("acquisition", "bbbbbb…", "bbbbbbbb"),
        ("acquisition", "bbbbb", "bbbbb"),  # too short to mean anything but itself
        ("acquisition", "short", "short"),  # one that is there means itself
        ("acquisition", "dddddddd", "dddddddd"),  # who looks it up says that it is absent
        ("agreement", "cccccc", DIGESTS[0]),
        ("agreement", DIGESTS[0], DIGESTS[0]),
        ("agreement", "got", DIGESTS[0]),  # what was got by it
        ("agreement", "short", "short"),  # got by none yet
        ("acquisition", "cccccc", "cccccc"),  # of another kind
        ("any", "cccccc", DIGESTS[0]),
        ("any", "bbbbbb", "bbbbbbbb"),
        ("edition", "tides", "ed" + DIGESTS[0][2:]),  # a product's id, where an edition is meant
    ],
)
async def test_what_is_typed_means(known, kind, text, whole):
    assert await known(kind, text) == whole


async def test_several_are_refused_by_name(known):
    with pytest.raises(InvalidInput, match="several") as refused:
        await known("acquisition", "aaaaaa")
    assert "aaaaaa11, aaaaaa22" in refused.value.hint


async def test_not_more_are_named_than_a_person_reads(store, known):
    await store.write(lambda tx: [tx.put(acquisition(f"eeeeee{number:03}")) for number in range(50)])
    with pytest.raises(InvalidInput) as refused:
        await known("acquisition", "eeeeee")
    assert refused.value.hint.count("eeeeee") == naming.CANDIDATES_MAX
    assert refused.value.hint.endswith("and more")


async def test_an_id_of_the_protocol_is_said_without_its_name_space(store, known):
    key = URN + "3f0c9d3e-8f5e-4b0e-9c55-2f9a7b1d6e10"
    told = {"role": "consumer", "peer": "did:web:p", "callback": "", "agreement": DIGESTS[0], "format": "f"}
    row = TransferRow(id=key, state=STARTED, pending="", turn="", reason="", created=NOW, updated=NOW, **told)
    await store.write(lambda tx: tx.put(row))
    assert await known("process", "3f0c9d") == key
    assert await known("process", key[:20]) == key
