"""A question that goes from node to node: what a code is of, or what is held about a thing.

    {"id", "kind", "about", "path", "patience"}

Law: `path` has the DIDs of those who passed it on, who asked first in front; whoever finds itself there, or has met the
`id`, stands in a ring and does not pass it on. `patience` is how many milliseconds the answer is waited for.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from catalog.document import items, members, text
from catalog.printable import is_line
from connector.exchange.node.statement import CODE, TRACE
from connector.runtime.errors import InvalidInput
from connector.runtime.limits import DID_CHARACTERS_MAX, NODE_HOPS_MAX

if TYPE_CHECKING:
    from contracts.canonical import JsonObject

# a person waits for the answer; each node on the way keeps some of the time for what it does itself
PATIENCE_MILLISECONDS: Final = 8_000
KEPT_MILLISECONDS: Final = 1_500
# with less than this left nobody is asked any more
LEAST_MILLISECONDS: Final = 500
ABOUT_CHARACTERS_MAX: Final = 512
ID_BYTES: Final = 16
ID: Final = re.compile(r"[0-9a-f]{32}")
MEMBERS: Final = frozenset({"id", "kind", "about", "path", "patience"})


@dataclass(frozen=True, slots=True)
class Question:
    """One question as it stands at one node."""

    id: str
    kind: str
    about: str
    path: tuple[str, ...] = ()
    patience: int = PATIENCE_MILLISECONDS

    @classmethod
    def new(cls, kind: str, about: str) -> Question:
        """Return a question that is asked first here."""
        return cls(secrets.token_hex(ID_BYTES), kind, about)

    def onward(self, own: str) -> Question | None:
        """Return the question as `own` passes it on; None where it went far enough, or no time is left."""
        left = self.patience - KEPT_MILLISECONDS
        if len(self.path) >= NODE_HOPS_MAX or left < LEAST_MILLISECONDS:
            return None
        return replace(self, path=(*self.path, own), patience=left)

    def json(self) -> JsonObject:
        """Return the question as it is sent."""
        return {
            "id": self.id, "kind": self.kind, "about": self.about, "path": list(self.path), "patience": self.patience,
        }  # fmt: skip


def check_about(about: str) -> None:
    """Raise InvalidInput for what no question is about."""
    if not about.strip() or len(about) > ABOUT_CHARACTERS_MAX or not is_line(about):
        raise InvalidInput(f"a question is about one line of at most {ABOUT_CHARACTERS_MAX} characters")


def from_json(document: Any, caller: str) -> Question:
    """Read a question that `caller` passed on; raises CatalogError, InvalidInput."""
    told = members(document, "question", required=MEMBERS, allowed=MEMBERS)
    path = tuple(
        text(one, "path", limit=DID_CHARACTERS_MAX) for one in items(told["path"], "path", limit=NODE_HOPS_MAX)
    )
    number, kind = text(told["id"], "id", limit=2 * ID_BYTES), text(told["kind"], "kind", limit=20)
    about, patience = text(told["about"], "about", limit=ABOUT_CHARACTERS_MAX), told["patience"]
    if not ID.fullmatch(number) or kind not in (CODE, TRACE):
        raise InvalidInput(f"a question has an id of 32 digits, and is of the kind {CODE} or {TRACE}")
    check_about(about)
    if not path or path[-1] != caller:
        raise InvalidInput("who passes a question on stands last in its path")
    if type(patience) is not int or patience < 0:
        raise InvalidInput("`patience` is a number of milliseconds")
    return Question(number, kind, about, path, min(patience, PATIENCE_MILLISECONDS))
