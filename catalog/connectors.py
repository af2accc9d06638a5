"""What a connector tells the exchange of itself now and then (a heartbeat), and what its silence means, as tables."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from catalog.document import count, items, members, text
from catalog.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION_CHARACTERS_MAX = 40
# how often a connector tells, and how old the newest word may be
BEAT_SECONDS = 60
# a connector that was not heard of for so many times of that is late
BEATS_MISSED_MAX = 3
LIVE_SECONDS = BEATS_MISSED_MAX * BEAT_SECONDS
STALE_SECONDS = 24 * 3600
# how often it tells the node of its space; a node of many members is told less often, so many times a second in all
NODE_BEAT_SECONDS = 5
NODE_BEATS_MAX = 200

# what a connector can do: key → English, 中文
CAPABILITIES: Mapping[str, tuple[str, str]] = {
    "dsp": ("Dataspace Protocol 2025-1", "数据空间协议"),
    "plain": ("plain copies", "明文副本交付"),
    "sealed": ("sealed replicas with metered keys", "密封副本与计量密钥"),
    "leased": ("keys leased for each opening", "按次租用密钥"),
    "holder": ("serves sealed bytes to others", "为他人提供密封数据"),
    "witness": ("witnesses others' logs", "见证他人日志"),
    "arbitrate": ("rules on disputes", "争议裁决"),
}


class State(StrEnum):
    """How a connector stands by its newest word."""

    LIVE = "live"
    STALE = "stale"
    SILENT = "silent"


STATES: Mapping[State, tuple[str, str]] = {
    State.LIVE: ("in touch", "在线"),
    State.STALE: ("late", "迟滞"),
    State.SILENT: ("not heard of", "失联"),
}


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What a connector tells; `alarms` are those it has raised in all: what an operator would ask about first."""

    version: str
    capabilities: tuple[str, ...]
    alarms: int

    def json(self) -> dict[str, Any]:
        """Return the JSON form; counts are text."""
        return {
            "version": self.version,
            "capabilities": list(self.capabilities),
            "alarms": str(self.alarms),
        }


def node_beat(members: int) -> int:
    """Return how often, in seconds, each connector of a space of so many members tells its node."""
    return min(BEAT_SECONDS, max(NODE_BEAT_SECONDS, -(-members // NODE_BEATS_MAX)))


def state(age_seconds: float | None, each_seconds: int = BEAT_SECONDS) -> State:
    """Return how somebody stands whose newest word is so old; None for one that never came."""
    if age_seconds is None or age_seconds > STALE_SECONDS:
        return State.SILENT
    return State.LIVE if age_seconds <= BEATS_MISSED_MAX * each_seconds else State.STALE


def from_json(document: object) -> Heartbeat:
    """Read a heartbeat strictly; a capability without a row is refused."""
    keys = frozenset({"version", "capabilities", "alarms"})
    facts = members(document, "heartbeat", required=keys, allowed=keys)
    told = items(facts["capabilities"], "capabilities", limit=len(CAPABILITIES))
    capabilities = tuple(text(one, "capabilities") for one in told)
    if unknown := [one for one in capabilities if one not in CAPABILITIES]:
        hint = f"known are {', '.join(CAPABILITIES)}"
        raise CatalogError(f"unknown capability `{unknown[0][:40]}`", path="capabilities", hint=hint)
    version = text(facts["version"], "version", limit=VERSION_CHARACTERS_MAX)
    return Heartbeat(version, capabilities, count(facts["alarms"], "alarms"))
