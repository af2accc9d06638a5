"""The key file: what a licensed holder needs to open its replica with any program of its own (spec 1.14).

    {v, kind, agreement, edition, header, rows, file, secrets[{row, secret}], notice}

Law: it holds secrets in the clear, so it is written for its owner alone; whoever reads it believes nothing in it:
header and rows are proven by the edition's id, each secret by its commitment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from contracts.canonical import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.edition.header import Header
    from ledger.edition.row_table import RowTable

VERSION = 1
KIND = "penstock-keys"


def encode(
    agreement: bytes, header: Header, table: RowTable, file: str, secrets: Mapping[int, bytes], notice: str
) -> bytes:
    """Return the canonical bytes of the document.

    `agreement` is the digest (32 bytes), `file` the name of the sealed bytes' file, `secrets` row number → secret (32
    bytes), `notice` words for who finds the file.
    """
    return canonical(json(agreement, header, table, file, secrets, notice))


def json(
    agreement: bytes, header: Header, table: RowTable, file: str, secrets: Mapping[int, bytes], notice: str
) -> dict[str, Any]:
    """Return the document; see `encode`."""
    assert all(number < len(table) for number in secrets)
    return {
        "v": VERSION,
        "kind": KIND,
        "agreement": agreement.hex(),
        "edition": header.edition_id().hex(),
        "header": header.json(),
        "rows": table.data.hex(),
        "file": file,
        "secrets": [{"row": str(number), "secret": secrets[number].hex()} for number in sorted(secrets)],
        "notice": notice,
    }
