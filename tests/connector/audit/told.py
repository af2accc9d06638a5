"""The small space, all of whose questions are told: nothing of it is left open but what a test leaves so."""

from __future__ import annotations

from contracts.tariff import Tariff
from contracts.typed_data import Range
from tests.ledger.audit.world import World

# a question of one side's own, which is not decided again
ASKED = {"scope": "party"}
BYTE, OPENING = Tariff("byte", 7, 1000, "CNY"), Tariff("opening", 250, 1, "CNY")
COUNT = {"leftOperand": "count", "operator": "lteq", "rightOperand": "2"}
COUNTED = {"permission": [{"action": "use", "constraint": [COUNT]}]}
OBLIGED = {"permission": [{"action": "use", "duty": [{"action": "delete", "penstock:mode": "post"}]}]}
FREE = {"permission": [{"action": "use", "constraint": []}]}
KEEPER = b"\x0a" * 32


class Told(World):
    """The small space in which every decision tells its question."""

    def decide(self, name, deal, request, *, outcome="allow", **more):
        super().decide(name, deal, request, outcome=outcome, **{"asked": ASKED, **more})


def sold(world, seed, policy=FREE, tariff=BYTE, tier="kept", **more):
    """Sell a further product in a channel of its own; return the deal and the channel."""
    deal = world.sign(seed, tariff, tier, 900 if tier == "leased" else 0, policy, **more)
    return deal, world.open_channel(deal, bytes([seed]) * 32)


def paid(world, deal, channel, first=0, count=1, use=0):
    """Sell some rows of it, as they are priced, and have them paid."""
    world.window(channel, [(deal, use, Range(first, count), KEEPER)])
    claimed(world, channel)


def claimed(world, channel):
    """Have the chain pay all that was sold in a channel, which stays open."""
    paid_out = {"cumulativeAmount": channel["cumulative"], "accountHash": channel["last"], "preimage": bytes(32)}
    world.mine("Claimed", channelId=channel["id"], **paid_out)
