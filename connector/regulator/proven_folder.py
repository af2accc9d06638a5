"""The folder in which an audit leaves what it proved: one signed document, and the tables of events that it names.

Law: nothing is given out before the signature and the digests of all tables were verified. The document is replaced in
one step, after its tables are durable; a table that no document names is removed with the next one that is written.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from blake3 import blake3

from connector.runtime import files
from contracts import signature
from ledger.audit.proven import PROVEN_BYTES_MAX, NotProven, Proven

if TYPE_CHECKING:
    from pathlib import Path

    from contracts.signature import Secret

DOCUMENT = "proven.json"
PIECE_BYTES = 1 << 20
PREFIX, SUFFIX = "proven-", ".db"


class ProvenFolder:
    """`ledger.audit.carried.Shelf` in a folder; `secret` is the auditor's agreement key, 32 bytes."""

    def __init__(self, folder: Path, secret: Secret) -> None:
        self._folder = files.make_folder(folder)
        self._secret = secret

    def read(self) -> Proven | None:
        """Return what is kept; raises NotProven unless it is whole and our own."""
        path = self._folder / DOCUMENT
        try:
            if path.stat().st_size > PROVEN_BYTES_MAX:
                raise NotProven(f"it has more than {PROVEN_BYTES_MAX} bytes")
            proven = Proven.verified(path.read_bytes(), signature.address(self._secret))
        except FileNotFoundError:
            return None
        for table in proven.tables:
            if self._digest(table.name) != table.digest:
                raise NotProven(f"the digest of its table `{table.name}` differs")
        return proven

    def place(self, name: str) -> str:
        """Return the path of a table."""
        return str(self._folder / name)

    def new(self) -> str:
        """Return the name of a table that is not there yet; its file is made, for its owner alone."""
        name = f"{PREFIX}{secrets.token_hex(8)}{SUFFIX}"
        files.begin_private(self._folder / name)
        return name

    def sealed(self, name: str) -> str:
        """Make a table durable; return its digest."""
        files.sync_file(self._folder / name)
        files.sync_folder(self._folder)
        return self._digest(name)

    def write(self, proven: Proven) -> None:
        """Sign and keep it, and let go of the tables that it does not name."""
        files.write_atomic(self._folder / DOCUMENT, proven.signed(self._secret))
        named = {table.name for table in proven.tables}
        for path in self._folder.glob(f"{PREFIX}*{SUFFIX}"):
            if path.name not in named:
                path.unlink(missing_ok=True)

    def _digest(self, name: str) -> str:
        path = self._folder / name
        if path.parent != self._folder or not path.is_file():
            raise NotProven(f"its table `{name}` is not there")
        # BLAKE3 reads a gigabyte in half a second, and a piece at a time: mapped, the file would count as memory
        found = blake3()
        with path.open("rb") as table:
            while piece := table.read(PIECE_BYTES):
                found.update(piece)
        return str(found.hexdigest())
