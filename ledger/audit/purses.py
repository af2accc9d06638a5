"""What each member paid and earned, by the chain alone: the one book that no party of a trade keeps.

Law: a channel's deposit is, once it is closed, what its payees and its payer were credited, to the minor unit; what is
in a channel that is open is neither paid nor earned but what was claimed of it. Amounts are minor units.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.audit.facts import ChainFacts, ChannelFacts
    from ledger.space.document import Space

NAMES = ("channels", "deposited", "paid", "refunded", "held", "earned")


def gather(space: Space, facts: ChainFacts) -> dict[str, Any]:
    """Return a row for each member with money in channels.

    `deposited` into `channels` that it opened, `paid` out of them to others, `refunded`, still `held`; `earned`.
    """
    purses: defaultdict[bytes, Counter[str]] = defaultdict(Counter)
    for channel in facts.channels.values():
        _book(purses, channel)
    members = sorted(space.members.values(), key=lambda member: member.did)
    found = ((one.did, sum((purses[account] for account in one.accounts), Counter())) for one in members)
    return {"purses": [_row(did, purse) for did, purse in found if purse]}


def _book(purses: Mapping[bytes, Counter[str]], channel: ChannelFacts) -> None:
    payer = channel.opened["payer"]
    own, refunded = purses[payer], channel.credits.get(payer, 0)
    own["channels"] += 1
    own["deposited"] += channel.deposit
    own["paid"] += channel.claimed
    own["refunded"] += refunded
    own["held"] += channel.deposit - channel.claimed - refunded
    for account, amount in channel.credits.items():
        if account != payer:
            purses[account]["earned"] += amount


def _row(did: str, purse: Counter[str]) -> dict[str, str]:
    return {"party": did, **{name: str(purse[name]) for name in NAMES}}
