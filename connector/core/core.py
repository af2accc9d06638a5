"""The ground that every part of a participant stands on, built once: the same six things for every role."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connector.core.topics import Topics

if TYPE_CHECKING:
    from pathlib import Path

    from connector.identity.identity import Identity
    from connector.net.outbound import Outbound
    from connector.runtime.clock import Clock
    from connector.runtime.settings import Settings
    from connector.store.evidence import Evidence
    from connector.store.store import Store


@dataclass(frozen=True, slots=True)
class Core:
    """Who we are, how we are set, where rows, events and files are kept, what time it is, the way out, what is told.

    A part takes it with the two or three services that it needs, each by its own type; nothing is handed the whole.
    """

    data: Path
    settings: Settings
    identity: Identity
    store: Store
    clock: Clock
    evidence: Evidence
    outbound: Outbound
    topics: Topics = field(default_factory=Topics)
