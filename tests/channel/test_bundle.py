"""What a payer can lay before an arbiter: every signed word of one window, and the row in question by its place."""

from __future__ import annotations

import pytest

from connector.channel import bundle, windows
from contracts.canonical import sha
from contracts.typed_json import to_json
from ledger.edition import mask
from tests.channel.rig import CHANNEL_ID, CHANNELS, KEPT, PAYEE, PAYER, REGISTRY, Pair

T = b"\x0f" * 32


@pytest.fixture(scope="module")
def signed():
    """A pair with a voucher that waits for row 3, and the order of the window before."""
    pair = Pair()
    [order] = pair.plan(pair.want([0])).orders
    pair.window(pair.want([0]))
    request = pair.plan(pair.want([3, 4]))
    voucher = pair.sign(request, pair.request(request))
    account = pair.account("payer")
    window = pair.payer_db.act(lambda tx: windows.find(tx, account, voucher.voucher.seq))
    return pair, account, window, order


def build(pair, account, window, position):
    return pair.payer_db.act(lambda tx: bundle.build(tx, pair.buyer, account, window, position, "key", T))


def test_the_places_of_a_batch_are_those_in_which_its_secrets_are_masked(signed):
    _, _, window, order = signed
    [later] = window.orders
    assert bundle.places((later, order, later)) == [(later, 3), (order, 0), (later, 3)]
    assert bundle.places(()) == []


def test_a_bundle_holds_all_that_was_signed_and_shows_one_row_under_the_root(signed):
    pair, account, window, _ = signed
    made = build(pair, account, window, 0)
    deal = pair.buyer_books.deals[pair.deal]
    assert made == {
        "v": 1,
        "code": "key",
        "chain": {
            "chainId": "4242",
            "registry": REGISTRY.verifying_contract.hex(),
            "channels": CHANNELS.verifying_contract.hex(),
            "salt": REGISTRY.salt.hex(),
        },
        "channelId": CHANNEL_ID.hex(),
        "signer": PAYER.hex(),
        "payee": PAYEE.hex(),
        "editionId": KEPT.edition_id.hex(),
        "row": pair.table.raw(3).hex(),
        "index": 3,
        "path": [node.hex() for node in pair.table.path(3)],
        "offer": to_json(window.offer),
        "offerSignature": window.offer_signature.hex(),
        "masked": window.masked.hex(),
        "t": T.hex(),
        "position": 0,
        "batch": {"prev": window.prev.hex(), "orders": [to_json(each) for each in window.orders]},
        "voucher": to_json(window.voucher),
        "voucherSignature": window.voucher_signature.hex(),
        "receipt": None,
        "receiptSignature": None,
        "agreement": to_json(deal.agreement),
    }


def test_a_bundle_is_kept_under_its_own_digest():
    pair = Pair()
    pair.editions.wrong = {0}
    request = pair.plan()
    released = pair.pay(pair.sign(request, pair.request(request)))
    pair.later(7)
    found = pair.take(released)
    [row] = pair.payer_db.act(lambda tx: tx.find("bundles"))
    assert row["id"] == sha(row["bundle"]).hex() == found.bundle
    assert (row["channel"], row["seq"], row["code"], row["created"]) == (CHANNEL_ID.hex(), 1, "key", pair.now)
    assert row["bundle"]["receipt"] == to_json(released.receipt)
    assert row["bundle"]["receiptSignature"] == released.signature.hex()
    assert mask.lock(bytes.fromhex(row["bundle"]["t"])).hex() == row["bundle"]["offer"]["lock"]
