"""The token of the data directory: who can read that file is the participant's owner."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from connector.runtime.data_folder import TOKEN_FILE
from connector.runtime.errors import Unproven

if TYPE_CHECKING:
    from pathlib import Path


class ManagementToken:
    """The token as it was at the start."""

    def __init__(self, data: Path) -> None:
        self._header = b"Bearer " + (data / TOKEN_FILE).read_text().strip().encode()

    def check(self, header: str) -> None:
        """Raise Unproven unless the header `Authorization` bears the token."""
        # a header may hold bytes that are no text; they are compared like all others
        if not hmac.compare_digest(header.encode(errors="surrogateescape"), self._header):
            raise Unproven("the management API needs the token of the data directory", "use the command line there")
