"""What a payee may try with what it is paid for: prices of windows, times of receipts, the end of a channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contracts.tariff import Tariff, order_amount
from tests.drill.cheat import Cheat

if TYPE_CHECKING:
    from tests.drill.scene import Scene

HOUR_SECONDS = 3600


def _charge_again(scene: Scene) -> None:
    """Charge rows again in the last window, at exactly what as many new rows would cost by the tariff."""
    [signed] = scene.spots("provider", "agreement.signed", scene.deals("kept"))
    tariff = Tariff.from_json(signed.leaf.fields["terms"]["tariff"])
    *before, (last, _) = scene.windows("kept")
    again, paid = before[-1][0].leaf.fields, sum(int(one.leaf.fields["plainBytes"]) for one, _ in before)
    amount = order_amount(tariff, paid, paid + int(again["plainBytes"]))
    total = int(last.leaf.fields["cumulative"]) - int(last.leaf.fields["amount"]) + amount
    rows = [{**row, "ranges": again["rows"][0]["ranges"], "amount": str(amount)} for row in last.leaf.fields["rows"]]
    scene.window("kept", -1, rows=rows, amount=str(amount), cumulative=str(total))
    scene.from_the_start()


def _postdate(scene: Scene) -> None:
    """Give a receipt dated an hour later, so that the lease begins, and ends, an hour later."""
    released, _ = scene.windows("leased")[0]
    later = int(released.leaf.entry.time.timestamp()) + HOUR_SECONDS
    scene.write("provider", released.index, releasedAt=str(later))
    scene.rebind("leased")
    scene.from_the_start()


def _predate(scene: Scene) -> None:
    """Give a receipt dated an hour back, so that the lease is over when it begins."""
    released, _ = scene.windows("leased")[0]
    earlier = int(released.leaf.entry.time.timestamp()) - HOUR_SECONDS
    scene.write("provider", released.index, releasedAt=str(earlier))
    scene.rebind("leased")
    scene.from_the_start()


def _close_early(scene: Scene) -> None:
    """Settle while keys flow: the channel closes at the window before the newest, whose keys were given away."""
    channel = bytes.fromhex(scene.channel("leased"))
    (before, _), (newest, _) = scene.windows("leased")[-2:]
    paid, account = int(before.leaf.fields["cumulative"]), bytes.fromhex(before.leaf.entry.link[0])
    assert paid < int(newest.leaf.fields["cumulative"])
    for event in scene.events("Claimed", channelId=channel):
        scene.change(event, cumulativeAmount=paid, accountHash=account)
    for event in scene.events("Closed", channelId=channel):
        scene.change(event, claimed=paid)
    for role in ("provider", "buyer"):
        for kind in ("channel.claimed", "channel.closed"):
            for spot in scene.spots(role, kind, channel.hex()):
                scene.write(role, spot.index, cumulative=str(paid))
    scene.from_the_start()


CHEATS = (
    Cheat("prices paid rows again at the tariff", "provider", "P2", _charge_again, "rows-paid-twice", "provider"),
    Cheat("predates a receipt", "provider", "P5", _predate, "entry-late", "provider"),
    Cheat("postdates a receipt", "provider", "P5", _postdate, "receipt-postdated", "provider"),
    Cheat("closes below what it released", "provider", "P2", _close_early, "settlement-differs", "provider"),
)
