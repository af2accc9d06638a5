"""The edition before: whose unchanged pieces a later edition of the same series repeats, row and secret (spec 1.7).

Law: a row is repeated only for the very plaintext, lengths and group that it was sealed for, at most once, and only
within one series of one provider. What stays equal between two editions is then visible to whoever compares their rows.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from connector.custody.edition import header_and_table, row_secrets
from connector.custody.packs import names_packs
from connector.store.rows.vault import EditionRow, VaultState
from contracts.signature import DIGEST_BYTES
from ledger.edition.sealing import Known

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.custody.secrets import Keys
    from ledger.edition.row import Head


class Former:
    """The rows of a row of `editions`, found by the digest of their plaintext; `used` are those repeated so far.

    Of an edition whose keys have leaked no row is found. Safe to use from several threads.
    """

    def __init__(self, keys: Keys, edition: EditionRow) -> None:
        self.header, self.table = header_and_table(edition)
        self.index: Mapping[str, Any] | None = edition.index_json
        self.packed = names_packs((edition.index_json or {}).get("schema"))
        self.edition_id = bytes.fromhex(edition.id)
        self.used: set[int] = set()
        self._lock = threading.Lock()
        self._keys = keys
        self._edition = edition
        self.watermarks: Mapping[str, Any] = edition.watermarks or {}
        self.leaked = edition.state == VaultState.LEAKED
        digests = edition.plain_digests
        count = range(0) if self.leaked else range(self.table.index_rows, len(self.table))
        self._rows = {digests[n * DIGEST_BYTES : (n + 1) * DIGEST_BYTES]: n for n in reversed(count)}
        if not keys.holds(edition.key_id):  # erased: nothing of it can be repeated, and nothing is as it was
            self.index, self._rows = None, {}

    def find(self, plain_digest: bytes, like: Head) -> Known | None:
        """Return head and secret of the row of this plaintext, if all but its slot is `like` that; it is then used."""
        number = self._rows.get(plain_digest)
        if number is None:
            return None
        head = self.table[number].head
        if (head.sealed_bytes, head.plain_bytes, head.group, head.flags) != (
            like.sealed_bytes,
            like.plain_bytes,
            like.group,
            like.flags,
        ):
            return None
        with self._lock:
            if number in self.used:
                return None
            self.used.add(number)
        return Known(head, row_secrets(self._keys, self._edition, self.table, [number])[number])
