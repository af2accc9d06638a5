"""Product files that somebody pasted and has not published yet: in memory, few, and forgotten oldest first.

Law: whoever has the id of a draft sees it, and an id cannot be guessed; a restart forgets them all, and nothing is lost
that its writer does not have.
"""

from __future__ import annotations

import secrets

from connector.runtime.errors import Absent

DRAFTS_MAX = 16
ID_BYTES = 16


class Drafts:
    """The drafts of one console: id → form and text."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, str]] = {}

    def keep(self, form: str, text: str) -> str:
        """Keep a product file; return the id under which it is found."""
        key = secrets.token_hex(ID_BYTES)
        self._kept[key] = form, text
        while len(self._kept) > DRAFTS_MAX:
            del self._kept[next(iter(self._kept))]
        return key

    def find(self, key: str) -> tuple[str, str]:
        """Return form and text of a draft; raises Absent."""
        if key not in self._kept:
            raise Absent("this draft is forgotten", "paste the product file again")
        return self._kept[key]
