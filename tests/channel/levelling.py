"""Both sides of a pair compare their newest states; what the payee can claim then."""

from __future__ import annotations

from connector.channel import claims, resume
from connector.store.rows.channel import Side
from tests.channel.rig import BUYER_DID, CHANNEL_ID, over_the_wire


def claimable(pair):
    found = pair.payee_db.act(lambda tx: claims.newest(tx, pair.holder, CHANNEL_ID, pair.now))
    return 0 if found is None else found.voucher.cumulative_amount


def short(pair):
    account = pair.account("payee")
    return pair.payee_db.act(lambda tx: claims.shortfall(tx, pair.holder, account, pair.now))


def tell(pair, message):
    """The payer's message to the payee; returns its answer."""
    told = over_the_wire(message)
    return pair.payee_db.act(lambda tx: resume.on_resume_payee(tx, pair.holder, BUYER_DID, CHANNEL_ID, told, pair.now))


def show(pair, after=None):
    return pair.payer_db.act(lambda tx: resume.show(tx, CHANNEL_ID, Side.PAYER, after))


def level(pair, rounds=20):
    told = show(pair)
    while told is not None:
        assert (rounds := rounds - 1), "never level"
        answer, sent = over_the_wire(tell(pair, told)), told
        told = pair.payer_db.act(
            lambda tx, answer=answer, sent=sent: resume.on_resume_payer(
                tx, pair.buyer, CHANNEL_ID, answer, pair.now, sent
            )
        )
