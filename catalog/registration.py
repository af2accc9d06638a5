"""What is registered at a node (登记): a connector, a platform, a product or a resource; the node gives each a code.

    {kind, about, title}              a product or a resource; `about` is its id with its holder
    {kind, about, title, subject, place}   a connector or a platform, the first thing that a holder registers

Law: (1) who registers draws no code: the node does. (2) A holder says once whose it is (`subject`) and where (`place`),
for its connector; whatever it registers later has these. (3) The same thing of the same holder has one code, whoever
registers it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from catalog.document import members, text
from catalog.errors import CatalogError
from catalog.identifiers import LOCAL_MARK, PLACE, RANDOM_CHARACTERS, SUBJECT, Identifier, Kind
from catalog.printable import is_line
from contracts.check_character import ALPHABET

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping

TITLE_CHARACTERS_MAX: Final = 256
ABOUT_CHARACTERS_MAX: Final = 512
CONNECTOR, PLATFORM, PRODUCT, RESOURCE = "connector", "platform", "product", "resource"
# what is registered → what its code begins with
KINDS: Final[Mapping[str, Kind]] = {
    CONNECTOR: Kind.CONNECTOR,
    PLATFORM: Kind.SERVICE_NODE,
    PRODUCT: Kind.PRODUCT,
    RESOURCE: Kind.RESOURCE,
}
# of these a registration says subject and place; the rest has those of its holder
HOLDERS: Final = frozenset({CONNECTOR, PLATFORM})
_SAID: Final = frozenset({"kind", "about", "title"})
_WHOSE: Final = frozenset({"subject", "place"})


@dataclass(frozen=True, slots=True)
class Registration:
    """What is to be registered; `subject` and `place` are empty for what has its holder's."""

    kind: str
    about: str
    title: str
    subject: str = ""
    place: str = ""

    def json(self) -> dict[str, str]:
        """Return the JSON form."""
        told = {name: str(getattr(self, name)) for name in ("kind", "about", "title")}
        return told | ({name: getattr(self, name) for name in ("subject", "place")} if self.kind in HOLDERS else {})


def from_json(document: object) -> Registration:
    """Read a registration strictly; raises CatalogError at the member that is wrong."""
    kind = text(members(document, "registration", required={"kind"})["kind"], "kind", limit=20)
    if kind not in KINDS:
        raise CatalogError(
            f"nothing of the kind `{kind}` is registered", path="kind", hint=f"one of {', '.join(KINDS)}"
        )
    needed = _SAID | (_WHOSE if kind in HOLDERS else frozenset())
    facts = members(document, "registration", required=needed, allowed=needed)
    about = text(facts["about"], "about", limit=ABOUT_CHARACTERS_MAX)
    title = text(facts["title"], "title", limit=TITLE_CHARACTERS_MAX)
    for name, value in (("about", about), ("title", title)):
        if not value.strip() or not is_line(value):
            raise CatalogError(f"`{name}` is one line of text", path=name)
    if kind not in HOLDERS:
        return Registration(kind, about, title)
    subject = _formed(
        SUBJECT, facts["subject"], "subject", "a unified social credit code: 18 digits and capital letters"
    )
    place = _formed(PLACE, facts["place"], "place", "four digits: a region, or 00 and a division of GB/T 4754")
    return Registration(kind, about, title, subject, place)


def drawn(kind: str, subject: str, place: str) -> str:
    """Return a code as a node assigns it: its random part is drawn, and never begins as a local one does."""
    while (random := "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_CHARACTERS))).startswith(LOCAL_MARK):
        pass
    return str(Identifier(KINDS[kind], subject, place, random))


def _formed(form: re.Pattern[str], value: object, path: str, hint: str) -> str:
    told = text(value, path, limit=40)
    if not form.fullmatch(told):
        raise CatalogError(f"`{told}` is no {path}", path=path, hint=hint)
    return told
