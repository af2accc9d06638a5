"""Where a space's signatures hold: the typed-data domains of its programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contracts.typed_data import Domain


@dataclass(frozen=True, slots=True)
class Domains:
    """The typed-data domains of one deployment that a bundle needs."""

    registry: Domain
    licences: Domain
    channels: Domain
