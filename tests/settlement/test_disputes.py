"""A buyer's bundle: the provider's signature under its edition, the pieces that open, and what is filed in the end."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from types import SimpleNamespace

import pytest

from connector.channel.receive import Key, Received
from connector.custody.intake import Intake
from connector.runtime.errors import VerificationFailed
from connector.settlement.disputes import (
    _order_of,
    accuse,
    document,
    edition_of,
    next_steps,
    read_seal,
    seal_json,
    unopenable,
)
from connector.store.rows.channel import BundleRow
from contracts import agreement as agreements
from contracts.errors import ContractError
from contracts.signature import sign
from contracts.typed_data import Edition, digest
from contracts.typed_json import to_json
from ledger.edition.opening import Code, OpeningError
from ledger.edition.row_table import RowTable
from tests.channel.rig import CHANNEL_ID, CHANNELS, KEPT, PAYEE, PAYEE_KEY, PAYER, PAYER_KEY, REGISTRY, START, Pair
from tests.channel.test_wrong_key import header_of
from tests.core import core
from tests.ledger.dispute import test_verdict as case
from tests.ledger.dispute.test_filing import CONTRADICTIONS
from tests.settlement.ground import Shelf

BATCH = {"orders": [{"ranges": [["0", "2"], ["5", "1"]]}, {"ranges": [["7", "1"]]}, {"ranges": [["9", "4"]]}]}


@pytest.mark.parametrize(("position", "order"), [(0, 0), (2, 0), (3, 1), (4, 2), (7, 2)])
def test_a_position_lies_in_the_order_whose_rows_it_counts(position, order):
    assert _order_of({"position": position, "batch": BATCH}) == order


def test_a_position_beyond_the_batch_is_a_mistake_of_ours():
    with pytest.raises(AssertionError):
        _order_of({"position": 8, "batch": BATCH})


def test_a_buyer_is_told_how_to_judge_and_file_its_bundle():
    assert "penstock dispute file abc" in next_steps("abc")


# ---- the provider's signature under its edition


def sealed(pair):
    """A header over the pair's rows, and the agreement of its edition."""
    header = header_of(pair)
    value = agreements.build(replace(KEPT, edition_id=header.edition_id()), provider=PAYEE, buyer=PAYER, price_cap=10)
    return header, SimpleNamespace(agreement=to_json(value))


def test_an_edition_is_sealed_by_its_provider_and_read_back():
    header, agreement = sealed(Pair())
    edition = edition_of(header)
    assert edition == Edition(header.edition_id(), header.series, 1)
    signature = sign(digest(REGISTRY, edition), PAYEE_KEY)
    document = seal_json(header, signature)
    assert document == {"edition": to_json(edition), "signature": signature.hex()}
    assert read_seal(document, header, agreement, REGISTRY) == signature


def test_a_seal_of_anybody_else_is_none():
    header, agreement = sealed(Pair())
    for key, domain in ((PAYER_KEY, REGISTRY), (PAYEE_KEY, CHANNELS)):
        with pytest.raises(VerificationFailed, match="the provider did not sign the edition it sells") as refused:
            read_seal(seal_json(header, sign(digest(domain, edition_of(header)), key)), header, agreement, REGISTRY)
        assert refused.value.hint == "pay nothing for it"
    for wrong in (None, [], {}, {"signature": "00"}):
        with pytest.raises(ContractError):
            read_seal(wrong, header, agreement, REGISTRY)


# ---- opening what was bought


def kept_at(folder, *forged):
    """A sealed file of the case's pieces; of those that are `forged` the row commits to another thing."""
    pieces = [
        replace(piece, row=piece.row._replace(plain_commitment=b"\x44" * 32)) if number in forged else piece
        for number, piece in enumerate(case.PIECES)
    ]
    path, table = folder / "edition.sealed", RowTable(b"".join(piece.row.encode() for piece in pieces))
    taking = Intake(path, table)
    for number, piece in enumerate(pieces):
        taking.accept(number, bytes(piece.ciphertext))
    taking.sync()
    taking.close()
    return path, table


def received(*rows, secrets=case.SECRETS):
    order = case.make().batch.orders[0]
    return Received(7, tuple(Key(order, row, secrets[row]) for row in rows), preimage=case.T)


def test_pieces_that_open_are_sealed_right(tmp_path):
    assert asyncio.run(unopenable(*kept_at(tmp_path), received(0, 1, 3))) is None


def test_the_first_piece_that_was_sealed_wrong_is_named(tmp_path):
    place = kept_at(tmp_path, 1, 3)
    assert asyncio.run(unopenable(*place, received(0, 1, 3))) == 1
    assert asyncio.run(unopenable(*place, received(0, 2))) is None


def test_a_piece_that_is_damaged_here_accuses_nobody(tmp_path):
    path, table = kept_at(tmp_path)
    raw = bytearray(path.read_bytes())
    raw[0] ^= 1
    path.write_bytes(raw)
    with pytest.raises(OpeningError) as error:
        asyncio.run(unopenable(path, table, received(0)))
    assert error.value.code is not Code.EDITION


def test_who_finds_a_malformed_piece_stops_paying_and_keeps_the_bundle():
    pair = Pair()
    request = pair.plan()
    released = pair.pay(pair.sign(request, pair.request(request)))
    got = pair.take(released)

    async def write(work):
        return pair.payer_db.act(work)

    clock = SimpleNamespace(now=lambda: pair.now)
    ground = core(clock=clock, store=SimpleNamespace(write=write))
    with pytest.raises(VerificationFailed, match="piece 0 does not open with its own key") as refused:
        asyncio.run(accuse(ground, pair.buyer, CHANNEL_ID, got, 0))
    [kept] = pair.payer_db.act(lambda tx: tx.find("bundles"))
    assert (kept["code"], kept["seq"], kept["bundle"]["index"]) == ("edition", 1, 0)
    assert refused.value.hint == next_steps(kept["id"])
    assert pair.states("payer") == ["fault"]


# ---- the bundle that is filed


def bought(folder, whole):
    """The books of a buyer who bought the case's rows, and what its channel kept of a fault there."""
    shelf, found = Shelf(), whole.json()
    key = digest(case.DOMAINS.licences, whole.agreement).hex()
    path, table = kept_at(folder)
    edition = whole.header.edition_id().hex()
    series = whole.header.series.hex()

    def act(tx):
        tx.insert(
            "agreements", digest=key, role="consumer", peer="did:web:provider.example", terms={}, created=START,
            provider_signature=whole.provider_signature, buyer_signature=whole.buyer_signature,
        )  # fmt: skip
        tx.insert(
            "replicas", id="r1", edition=edition, series=series, agreement=key, header=whole.header.json(),
            seal=whole.edition.signature, path=path.name, state="sealed", created=START,
        )  # fmt: skip
        tx.insert("row_tables", edition=edition, rows=table.data)

    shelf.act(act)
    part = {name: found[name] for name in ("row", "path", "offer", "t", "batch", "voucher", "receipt", "agreement")}
    part |= {name + "Signature": found[name + "Sig"] for name in ("offer", "voucher", "receipt")}
    return shelf, {**part, "index": whole.index, "position": whole.position, "masked": whole.masked.hex()}


def kept(code, bundle):
    return BundleRow(id="", channel="", seq=0, code=code, bundle=bundle, created=START)


def written(folder, whole, code):
    shelf, part = bought(folder, whole)
    return shelf.act(lambda tx: document(tx, kept(code, part), folder))


def test_what_the_channel_kept_is_completed_with_what_lies_elsewhere(tmp_path):
    whole = case.make(ciphertext=None)
    assert written(tmp_path, whole, "key") == whole.json()


def test_a_malformed_edition_is_shown_by_its_one_sealed_piece(tmp_path):
    assert written(tmp_path, case.make(), "edition") == case.make().json()
    assert case.make().ciphertext == bytes(case.PIECES[3].ciphertext)


def test_two_messages_that_contradict_each_other_stand_for_themselves(tmp_path):
    proof = CONTRADICTIONS["payer"]()
    told = Shelf().act(lambda tx: document(tx, kept("equivocation", proof), tmp_path))
    assert told == proof
