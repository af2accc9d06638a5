"""Every row of the verdict table of spec 6, and every way in which a bundle can fail to hold together."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

from blake3 import blake3

from contracts import signature
from contracts.typed_data import (
    Agreement,
    Batch,
    Domain,
    Edition,
    KeyOffer,
    Order,
    Range,
    Receipt,
    Voucher,
    digest,
    struct_hash,
)
from ledger.dispute.bundle import Bundle, Signed, parse
from ledger.dispute.verdict import CONSEQUENCES, Finding, Verdict, judge, judge_document
from ledger.edition import mask, row
from ledger.edition.header import Header
from ledger.edition.sealing import seal_piece
from ledger.log import merkle
from ledger.space.domains import Domains
from tests.every import every
from tests.ledger.spans import span_of

PROVIDER, BUYER, STRANGER = b"\x51" * 32, b"\x52" * 32, b"\x53" * 32
DOMAINS = Domains(*(Domain(7, bytes([n]) * 20, b"\x22" * 32) for n in (1, 2, 3)))
K, RUN, T, CHANNEL = b"\x01" * 32, b"\x02" * 16, b"\xaa" * 32, b"\xc1" * 32
COUNT, WANTED = 5, (0, 1, 3)


def plain(number):
    return hashlib.sha256(bytes([number])).digest() * 64


PIECES = [seal_piece(K, RUN, n, plain(n), 2048, bytearray(2064)) for n in range(COUNT)]
SECRETS = [row.secret(K, row.slot(RUN, n), blake3(plain(n)).digest()) for n in range(COUNT)]


def sign(domain, value, key):
    return Signed(value, signature.sign(digest(domain, value), key))


def make(secrets=SECRETS, pieces=PIECES, position=2, **changes):
    """A bundle that holds together, about row 3, with whatever secrets and pieces the payee is made to use."""
    rows = [piece.row.encode() for piece in pieces]
    leaves = [merkle.leaf_hash(one) for one in rows]
    roots = merkle.root(leaves), blake3(b"".join(rows)).digest()
    sealed_at = datetime(2026, 1, 1, tzinfo=UTC)
    header = Header(b"\x05" * 32, 1, None, "did:web:x", 65536, COUNT, 2048 * COUNT, 2048 * COUNT, *roots, sealed_at)
    edition_id = header.edition_id()
    parties = signature.address(PROVIDER), signature.address(BUYER)
    agreement = Agreement(
        *parties, b"\x03" * 32, edition_id, b"\x05" * 32, b"\x0c" * 20, 1000, 2**31, b"\x06" * 32, "words"
    )
    signed = digest(DOMAINS.licences, agreement)
    order = Order(signed, b"\x07" * 32, edition_id, 0, (Range(0, 2), Range(3, 1)), 250, b"\x08" * 32)
    batch = Batch(CHANNEL, (order,))
    masked = mask.mask(T, CHANNEL, 7, [secrets[n] for n in WANTED])
    account = struct_hash(batch)
    offer = KeyOffer(CHANNEL, 7, account, 250, mask.lock(T), mask.masked_hash(masked), b"\x09" * 32, 2**31)
    voucher = Voucher(CHANNEL, 7, 250, account, mask.lock(T), 2**31)
    receipt = Receipt(
        CHANNEL,
        7,
        digest(DOMAINS.channels, voucher),
        digest(DOMAINS.registry, offer),
        b"\x09" * 32,
        b"\x0a" * 32,
        2**30,
    )
    number = WANTED[position]
    whole = {
        "header": header,
        "edition": sign(DOMAINS.registry, Edition(edition_id, header.series, header.number), PROVIDER),
        "row": rows[number],
        "index": number,
        "path": tuple(merkle.inclusion_proof(span_of(leaves), number, COUNT)),
        "offer": sign(DOMAINS.registry, offer, PROVIDER),
        "masked": masked,
        "preimage": T,
        "source": "release",
        "position": position,
        "batch": batch,
        "voucher": sign(DOMAINS.channels, voucher, BUYER),
        "receipt": sign(DOMAINS.registry, receipt, PROVIDER),
        "agreement": agreement,
        "provider_signature": signature.sign(signed, PROVIDER),
        "buyer_signature": signature.sign(signed, BUYER),
        "ciphertext": bytes(pieces[number].ciphertext),
    }
    return Bundle(**{**whole, **changes})


def wrong_key():
    return make(secrets=[*SECRETS[:3], b"\x66" * 32, SECRETS[4]], ciphertext=None)


def malformed():
    """Row 3 commits to its key, but what is sealed is not what the plain commitment says."""
    forged = replace(PIECES[3], row=PIECES[3].row._replace(plain_commitment=b"\x44" * 32))
    return make(pieces=[*PIECES[:3], forged, PIECES[4]])


CASES = {
    Finding.WRONG_BYTES: lambda: make(ciphertext=bytes(2048)),
    Finding.WRONG_KEY: wrong_key,
    Finding.MALFORMED_EDITION: malformed,
    Finding.KEY_WITHHELD: lambda: make(preimage=None, source="none", receipt=None),
    Finding.TAKEN_WITHOUT_RELEASE: lambda: make(source="claimed", receipt=None),
    Finding.BUYER_LIES: make,
    Finding.NOT_AS_DESCRIBED: lambda: make(claims="content"),
}


# who is at fault, and whether the batch is refunded (spec 6)
AT_FAULT = {
    Finding.WRONG_BYTES: ("nobody", False),
    Finding.WRONG_KEY: ("payee", True),
    Finding.MALFORMED_EDITION: ("provider", True),
    Finding.KEY_WITHHELD: ("nobody", False),
    Finding.TAKEN_WITHOUT_RELEASE: ("nobody", False),
    Finding.BUYER_LIES: ("claimant", False),
    Finding.NOT_AS_DESCRIBED: ("undecided", False),
    Finding.PAYER_EQUIVOCATED: ("payer", False),
    Finding.PAYEE_EQUIVOCATED: ("payee", False),
    Finding.LOG_FORKED: ("owner", False),
}


def test_every_finding_has_a_consequence_and_a_case():
    of_filings = {Finding.PAYER_EQUIVOCATED, Finding.PAYEE_EQUIVOCATED, Finding.LOG_FORKED}
    assert set(CASES) | of_filings == set(Finding)
    assert {finding: (one.at_fault, one.refund) for finding, one in CONSEQUENCES.items()} == AT_FAULT


def test_a_verdict_is_told_in_words():
    assert Verdict(Finding.WRONG_KEY, "as shown", 250).json() == {
        "finding": "wrong-key",
        "atFault": "payee",
        "verdict": "the payee is at fault: refund of that batch",
        "reason": "as shown",
        "refund": "250",
    }
    assert Verdict(Finding.BUYER_LIES, "").json()["refund"] == "0"


@every("finding", CASES)
def test_verdicts(finding):
    bundle = CASES[finding]()
    verdict = judge_document(bundle.json(), DOMAINS)
    assert verdict.finding is finding, verdict.reason
    assert verdict.refund == (250 if finding in {Finding.WRONG_KEY, Finding.MALFORMED_EDITION} else 0)
    assert verdict.at_fault == AT_FAULT[finding][0]
    assert parse(bundle.json()) == bundle


def resigned(bundle, name, domain, key, **changes):
    return replace(bundle, **{name: sign(domain, replace(getattr(bundle, name).value, **changes), key)})


BROKEN = {
    "the provider did not sign the agreement": lambda b: replace(b, provider_signature=b.buyer_signature),
    "the buyer did not sign the agreement": lambda b: replace(b, buyer_signature=b.provider_signature),
    "no order of the batch is under it": lambda b: replace(
        b, batch=Batch(CHANNEL, (replace(b.batch.orders[0], agreement_digest=b"\x01" * 32),))
    ),
    "not that of the agreed edition": lambda b: replace(b, header=replace(b.header, number=2)),
    "the signed edition is another one": lambda b: resigned(b, "edition", DOMAINS.registry, PROVIDER, number=9),
    "did not sign the edition": lambda b: resigned(b, "edition", DOMAINS.registry, STRANGER),
    "the row is not of that edition": lambda b: replace(b, row=PIECES[4].row.encode()),
    "the batch is not the offered one": lambda b: replace(b, batch=replace(b.batch, prev=b"\x00" * 32)),
    "not as many masked secrets": lambda b: replace(b, masked=b.masked[:-32]),
    "the masked secrets are not the offered ones": lambda b: replace(b, masked=b.masked[:-1] + b"\x00"),
    "of another row": lambda b: replace(b, position=1),
    "the secret at that position is of another row": lambda b: replace(b, position=3),
    "did not sign the offer": lambda b: resigned(b, "offer", DOMAINS.registry, BUYER),
    "differ in `seq`": lambda b: resigned(b, "voucher", DOMAINS.channels, BUYER, seq=8),
    "differ in `cumulative_amount`": lambda b: resigned(b, "voucher", DOMAINS.channels, BUYER, cumulative_amount=1),
    "did not sign the voucher": lambda b: resigned(b, "voucher", DOMAINS.channels, PROVIDER),
    "the receipt is for another voucher": lambda b: resigned(
        b, "receipt", DOMAINS.registry, PROVIDER, voucher_digest=b"\x00" * 32
    ),
    "the receipt is for another offer": lambda b: resigned(
        b, "receipt", DOMAINS.registry, PROVIDER, offer_digest=b"\x00" * 32
    ),
    "did not sign the receipt": lambda b: resigned(b, "receipt", DOMAINS.registry, BUYER),
    "not that of the offered lock": lambda b: replace(b, preimage=b"\xab" * 32),
}


@every("reason", BROKEN)
def test_a_bundle_that_does_not_hold_together_is_dismissed(reason):
    """Even one that would show a wrong key: nobody can be accused with values that were made up."""
    verdict = judge(BROKEN[reason](wrong_key()), DOMAINS)
    assert verdict.finding is Finding.BUYER_LIES
    assert reason in verdict.reason


def test_a_row_that_no_version_knows_accuses_nobody():
    """The provider signed an edition with it; what it means is not for this version to say."""
    unknown = replace(PIECES[3], row=PIECES[3].row._replace(head=PIECES[3].row.head._replace(flags=16)))
    verdict = judge(make(pieces=[*PIECES[:3], unknown, PIECES[4]]), DOMAINS)
    assert verdict.finding is Finding.BUYER_LIES
    assert "unknown flags" in verdict.reason


def test_signatures_of_another_deployment_do_not_count():
    elsewhere = Domains(
        *(replace(domain, salt=b"\x23" * 32) for domain in (DOMAINS.registry, DOMAINS.licences, DOMAINS.channels))
    )
    assert judge(wrong_key(), elsewhere).finding is Finding.BUYER_LIES


def test_malformed_documents_are_dismissed():
    good = wrong_key().json()
    for key, value in [
        ("v", 2),
        ("source", "hearsay"),
        ("claims", "everything"),
        ("masked", "A"),
        ("masked", "A" * 10_000_000),
        ("row", "00"),
        ("index", 3),
        ("position", "-1"),
        ("path", ["00"]),
        ("events", [{"entry": 1, "proof": ""}]),
        ("header", {}),
        ("batch", None),
    ]:
        verdict = judge_document({**good, key: value}, DOMAINS)
        assert verdict.finding is Finding.BUYER_LIES, key
        assert verdict.reason.startswith("not a dispute bundle")
    assert judge_document([], DOMAINS).finding is Finding.BUYER_LIES
