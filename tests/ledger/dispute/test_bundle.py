"""The dispute bundle as a document: which members it has, how much of each, and what is no bundle."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts.errors import ContractError
from ledger.dispute import bundle as bundles
from ledger.dispute.bundle import complete, parse
from ledger.log.note import b64
from tests.every import every
from tests.ledger.dispute import test_verdict as case

WHOLE = case.make()
DOCUMENT = WHOLE.json()
EVENT = {"entry": "AA==", "proof": "c2sp.org/tlog-proof@v1"}


def test_a_bundle_is_written_with_these_members():
    assert set(DOCUMENT) == bundles.FIELDS
    shown = {name: DOCUMENT[name] for name in ("v", "row", "index", "t", "source", "position", "claims", "masked")}
    assert shown == {
        "v": 1,
        "row": WHOLE.row.hex(),
        "index": "3",
        "t": case.T.hex(),
        "source": "release",
        "position": "2",
        "claims": "",
        "masked": b64(WHOLE.masked),
    }


@every(
    "changes",
    [
        {},
        {"preimage": None, "source": "none", "receipt": None, "ciphertext": None},
        {"source": "claimed", "receipt": None},
        {"claims": "content", "ciphertext": b""},
        {"registration": {"block": "7", "proof": ["00"]}},
        {"events": (EVENT, {**EVENT, "entry": "AQ=="})},
    ],
)
def test_a_bundle_is_read_as_it_was_written(changes):
    made = replace(WHOLE, **changes)
    assert parse(made.json()) == made
    assert parse(made.json()).json() == made.json()


@every(
    ("member", "most", "more"),
    [
        ("masked", b64(bytes(524_288)), b64(bytes(524_289))),
        ("ciphertext", b64(bytes(4_194_304)), b64(bytes(4_194_305))),
        ("events", [EVENT] * 8, [EVENT] * 9),
        ("path", ["00" * 32] * 63, ["00" * 32] * 64),
        ("index", "262144", "262145"),
        ("position", "16384", "16385"),
    ],
)
def test_of_every_member_there_is_so_much_and_no_more(member, most, more):
    assert parse({**DOCUMENT, member: most}).json()[member] == most
    with pytest.raises(ContractError, match=r"at most|more than"):
        parse({**DOCUMENT, member: more})


@every(
    ("change", "told"),
    [
        ({"v": 2}, "a bundle of version 1 has one of the known sources and claims"),
        ({"source": "hearsay"}, "known sources and claims"),
        ({"claims": "everything"}, "known sources and claims"),
        ({"more": None}, "more"),
        ({"masked": None}, "base64 of at most 524288 bytes is needed"),
        ({"ciphertext": 7}, "base64 of at most 4194304 bytes is needed"),
        ({"t": "aa" * 31}, "`t` is not 64 lowercase hex digits"),
        ({"t": "aa" * 33}, "`t` is not 64 lowercase hex digits"),
        ({"row": "00" * 151}, "`row` is not 304 lowercase hex digits"),
        ({"path": ["00" * 31]}, "is not 64 lowercase hex digits"),
        ({"providerSig": "00" * 64}, "`providerSig` is not 130 lowercase hex digits"),
        ({"buyerSig": "00" * 66}, "`buyerSig` is not 130 lowercase hex digits"),
        ({"headerSig": None}, "`headerSig` is not 130 lowercase hex digits"),
        ({"receipt": None}, "the bundle is not written canonically"),
        ({"events": [{"entry": "AA=="}]}, "lacks"),
        ({"events": [{**EVENT, "proof": 1}]}, "`events.0.` is an entry in base64 and a tlog-proof"),
    ],
    ids=str,
)
def test_a_document_that_is_no_bundle_is_refused(change, told):
    with pytest.raises(ContractError, match=told):
        parse({**DOCUMENT, **change})


@pytest.mark.parametrize("spelling", ["A", "AB==", "A-8=", "AAA"])
def test_bytes_have_one_spelling(spelling):
    with pytest.raises(ValueError, match="base64"):
        parse({**DOCUMENT, "ciphertext": spelling})


def part(**changes):
    """What a channel keeps of a faulty key."""
    kept = {name: DOCUMENT[name] for name in ("row", "path", "offer", "t", "batch", "voucher", "receipt", "agreement")}
    kept |= {f"{name}Signature": DOCUMENT[f"{name}Sig"] for name in ("offer", "voucher", "receipt")}
    return {**kept, "index": 3, "position": 2, "masked": WHOLE.masked.hex(), **changes}


def completed(**changes):
    return complete(part(**changes), WHOLE.header, WHOLE.edition, (WHOLE.provider_signature, WHOLE.buyer_signature))


def test_a_channels_record_is_completed_to_the_bundle():
    assert completed() == replace(WHOLE, ciphertext=None)
    assert completed(receipt=None) == replace(WHOLE, ciphertext=None, receipt=None, source="claimed")


@pytest.mark.parametrize(("member", "wrong"), [("t", "aa" * 31), ("t", "aa" * 33), ("row", "00"), ("path", ["00"])])
def test_a_record_of_another_form_is_refused(member, wrong):
    with pytest.raises(ContractError, match=f"`{member}` is not"):
        completed(**{member: wrong})
