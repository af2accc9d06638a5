"""What can be wrong with a log, as a table: whose fault each flaw is, and what helps.

Law: a flaw is a row of `FLAWS`. Its keeper is whoever holds the bytes that were read (a disk, a server, a mirror); its
owner is whoever signs its checkpoints. What the owner signed twice cannot be mended by any copy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

KEEPER, OWNER, WITNESS = "its keeper", "its owner", "the witness"

_COPY = "take this file from a copy of the log that `penstock log fsck` finds whole, then check again"
_SHOW = "keep this copy and show it to the regulator: no honest copy can mend what was signed"


@dataclass(frozen=True, slots=True)
class Row:
    """Who is at fault for a kind of flaw, and what to do about it."""

    fault: str
    remedy: str


FLAWS: Mapping[str, Row] = {
    "checkpoint-unreadable": Row(KEEPER, "ask for the checkpoint again, or of a mirror"),
    "checkpoint-unsigned": Row(OWNER, "compare the log's key with its owner's DID document; believe nothing below it"),
    "quorum-missing": Row(OWNER, "ask again later; until then the log rests on its owner's word alone"),
    "cosignature-false": Row(WITNESS, "compare the witness's key with its DID document; the line proves nothing"),
    "resource-lost": Row(KEEPER, _COPY),
    "resource-malformed": Row(KEEPER, _COPY),
    "entry-changed": Row(KEEPER, _COPY),
    "hash-changed": Row(KEEPER, _COPY),
    "entry-or-hash-changed": Row(KEEPER, _COPY),
    "root-differs": Row(OWNER, _SHOW),
    "head-differs": Row(OWNER, _SHOW),
    "head-lost": Row(KEEPER, "append nothing; bring the log up to this head from a mirror first"),
    "entries-unsigned": Row(KEEPER, "start the participant: it signs what it committed, or says why it cannot"),
    "entry-misfiled": Row(KEEPER, "restore the database; the entry itself stands"),
    "box-false": Row(KEEPER, "restore the database; the entry itself stands, this disclosure of it is lost"),
}


@dataclass(frozen=True, slots=True)
class Flaw:
    """One flaw: its row of the table, where it is, and what was seen there."""

    code: str
    place: str
    seen: str

    def json(self) -> dict[str, str]:
        """Return the flaw with its row, as `penstock log fsck --json` prints it."""
        row = FLAWS[self.code]
        return {"code": self.code, "place": self.place, "seen": self.seen, "fault": row.fault, "remedy": row.remedy}
