"""Which providers a question is opened with: said once, signed by each, and shown to each (`contracts.joint`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.runtime.errors import InvalidInput
from contracts.joint import MEMBERS_MAX

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Together:
    """The DIDs that are opened together, sorted; with the `signatures` of all it is opened, without them signed."""

    members: tuple[str, ...]
    signatures: Mapping[str, bytes] | None = None

    def __post_init__(self) -> None:
        if not 0 < len(self.members) <= MEMBERS_MAX or list(self.members) != sorted(set(self.members)):
            raise InvalidInput("`members` are the DIDs that are opened together, sorted, each once")
        if self.signatures is not None and set(self.signatures) != set(self.members):
            raise InvalidInput("`signatures` has one of each member")
