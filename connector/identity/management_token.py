"""The token of the data directory: who can read that file is the participant's owner."""

from __future__ import annotations

import hmac
import secrets
from hashlib import sha256
from typing import TYPE_CHECKING

from connector.runtime import files
from connector.runtime.data_folder import TOKEN_BYTES, TOKEN_FILE
from connector.runtime.errors import Unproven

if TYPE_CHECKING:
    from pathlib import Path


class ManagementToken:
    """The token as the file has it; another process on the same folder may have drawn it."""

    def __init__(self, data: Path) -> None:
        self._path = data / TOKEN_FILE
        self._read()

    @property
    def digest(self) -> str:
        """What may be said of the token: 16 hexadecimal digits that tell it from others."""
        return sha256(self._header).hexdigest()[:16]

    def check(self, header: str) -> None:
        """Raise Unproven unless the header `Authorization` bears the token."""
        if not self._is(header) and not self._is_now(header):
            raise Unproven("the management API needs the token of the data directory", "use the command line there")

    def draw(self) -> None:
        """Draw another token; the one before opens nothing from now on."""
        files.write_atomic(self._path, secrets.token_urlsafe(TOKEN_BYTES).encode())
        self._read()

    def _is_now(self, header: str) -> bool:
        """Whether the header bears the token of a file that is another than the one that was read."""
        try:
            if self._path.stat().st_mtime_ns == self._read_at:
                return False
            self._read()
        except OSError:  # the file is gone: what was read counts
            return False
        return self._is(header)

    def _is(self, header: str) -> bool:
        # a header may hold bytes that are no text; they are compared like all others
        return hmac.compare_digest(header.encode(errors="surrogateescape"), self._header)

    def _read(self) -> None:
        self._read_at = self._path.stat().st_mtime_ns
        self._header = b"Bearer " + self._path.read_text().strip().encode()
