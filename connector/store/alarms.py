"""Alarms: what a person should hear of, each known once, in the log of this process and in the evidence.

Law: an alarm is a row of `alarms` and an event `alarm.raised`, written in the transaction of its cause; the same one is
raised once, however often it is met. The exchange hears their number with each heartbeat, the doctor names them.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any

from connector.store.rows.agreement import AlarmRow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.store.recorder import Recorder
    from connector.store.transaction import Tx

log = logging.getLogger("connector.store.alarms")  # lines keep the name that operators know (0124)


def sound(tx: Tx, evidence: Recorder, alarm: AlarmRow, more: Mapping[str, Any] | None = None) -> None:
    """Raise an alarm once; `more` is what its event says besides."""
    if tx.get(AlarmRow, id=alarm.id) is not None:
        return
    tx.insert(alarm)
    fields = {"code": alarm.code, "by": alarm.who, **(more or {})}
    evidence.record(tx, "alarm.raised", part=alarm.agreement, fields=fields, now=alarm.at)
    tx.after(partial(log.warning, "alarm `%s` about `%s`: %s", alarm.code, alarm.who, alarm.text))


def told(tx: Tx) -> tuple[str, str]:
    """Return how many alarms there are, the newest in words, and what to do; nothing to do where there is none."""
    rows = tx.find(AlarmRow, order="at desc")
    if not rows:
        return "none", ""
    newest = rows[0]
    text = f"{len(rows)}; the newest: `{newest.code}` by `{newest.who}`: {newest.text}"
    return text, f"penstock show {newest.id}"
