"""Alarms: what a person should hear of, each known once, in the log of this process and in the evidence.

Law: an alarm is a row of `alarms` and an event `alarm.raised`, written in the transaction of its cause; the same one is
raised once, however often it is met. The exchange hears their number with each heartbeat, the doctor names them.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from connector.store.recorder import Recorder
    from connector.store.transaction import Tx

log = logging.getLogger("connector.store.alarms")  # lines keep the name that operators know (0124)


def sound(
    tx: Tx, evidence: Recorder, key: str, row: Mapping[str, str], now: datetime, more: Mapping[str, Any] | None = None
) -> None:
    """Raise the alarm `key` once; `row` is `{agreement, code, who, text}`, `more` what its event says besides."""
    if tx.get("alarms", id=key) is not None:
        return
    tx.insert("alarms", id=key, **row, at=now)
    fields = {"code": row["code"], "by": row["who"], **(more or {})}
    evidence.record(tx, "alarm.raised", part=row["agreement"], fields=fields, now=now)
    tx.after(partial(log.warning, "alarm `%s` about `%s`: %s", row["code"], row["who"], row["text"]))


def told(tx: Tx) -> tuple[str, str]:
    """Return how many alarms there are, the newest in words, and what to do; nothing to do where there is none."""
    rows = tx.find("alarms", order="at desc")
    if not rows:
        return "none", ""
    newest = rows[0]
    text = f"{len(rows)}; the newest: `{newest['code']}` by `{newest['who']}`: {newest['text']}"
    return text, f"penstock show {newest['id']}"
