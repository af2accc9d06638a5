"""What sealing brings: an edition with everything its provider keeps of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from connector.custody.secrets import Run
    from connector.custody.sources import Source
    from ledger.edition.header import Header
    from ledger.edition.index import Index
    from ledger.edition.row_table import RowTable


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed edition whose blob is durable under its name; `plain_digests` is B3(plaintext) of each row, joined.

    `repeated` maps the rows of an earlier edition in it to their secrets.
    """

    header: Header
    edition_id: bytes
    table: RowTable
    index: Index
    plain_digests: bytes = field(repr=False)
    run: Run
    source: Source
    path: Path
    repeated: dict[int, bytes] = field(default_factory=dict, repr=False)
