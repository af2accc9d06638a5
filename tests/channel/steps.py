"""A step between the two sides of a pair: a voucher that brings the next request, over the wire and back."""

from __future__ import annotations

from connector.channel import plan, receive, step
from connector.channel.messages import Step
from tests.channel.rig import BUYER_DID, CHANNEL_ID, over_the_wire


def ahead(pair, wants=None, channel=CHANNEL_ID):
    """What the payer asks for once its waiting voucher is released, None when nothing is left."""
    asked = wants or [pair.want()]
    found = pair.payer_db.act(lambda tx: plan.waiting(tx, pair.buyer, channel, asked, pair.now))
    return None if found is None else over_the_wire(plan.ahead(found, asked, pair.now))


def send(pair, voucher, request, channel=CHANNEL_ID):
    """The payee's answer to a step."""
    message = over_the_wire(Step(voucher, request))
    act = pair.payee_db.act
    return over_the_wire(act(lambda tx: step.on_step(tx, pair.holder, BUYER_DID, channel, message, pair.now)))


def take(pair, request, answer, channel=CHANNEL_ID):
    """What the answer brings the payer."""

    def act(tx):
        known = receive.read(tx, pair.buyer, channel, answer.released)
        return step.on_stepped(tx, pair.buyer, channel, request, answer, known, pair.now)

    return pair.payer_db.act(act)
