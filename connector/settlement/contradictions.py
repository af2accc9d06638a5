"""A channel whose other side signed two things with one seq: its owner hears of it, with the proof."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.channel.equivocation import CODE
from connector.store import alarms
from connector.store.rows.agreement import AlarmRow

if TYPE_CHECKING:
    from datetime import datetime

    from connector.core.core import Core
    from connector.store.rows.channel import ChannelRow
    from connector.store.transaction import Tx


class Contradictions:
    """Raises the alarm; the channel is stopped already."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def found(self, tx: Tx, account: ChannelRow, bundle: str, now: datetime) -> None:
        """Tell of a channel of ours that was stopped just now; `bundle` names the proof."""
        text = f"two different messages with one seq on channel {account.id}: it is stopped, the proof is {bundle}"
        alarm = AlarmRow(id=bundle, agreement=account.agreement, code=CODE, who=account.peer, text=text, at=now)
        alarms.sound(tx, self._core.evidence, alarm, {"kind": "channel", "text": text})
        self._core.topics.channel_stopped.after(tx, account.id)
