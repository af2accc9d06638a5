"""What an audit has proven, as a document: the next audit goes on from it, and anybody can hold it against the logs.

    {proven: {v, under, block, cited, logs, tables, judged}, signature}

Law: the signature is by the auditor's agreement key, over the canonical JSON of `proven` under a label of its own. The
document names each log by size and root, which a consistency proof ties to any later head; a block of the chain by its
hash; and each table of events by a digest of its bytes. What it was proven under is compared whole: another program,
other rules, another chain, space or reader, and nothing of it is used.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from contracts import signature
from contracts.canonical import canonical, load
from contracts.decimals import read_hex
from contracts.errors import ContractError, why
from contracts.labels import H
from ledger.audit.judged import Judged
from ledger.audit.report import Finding
from ledger.audit.sources import BlockHead

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from contracts.signature import Secret

VERSION = 1
LABEL = "audit-proven"
# of the document: a log takes some 300 bytes in it, a cited block and a channel a hundred each
PROVEN_BYTES_MAX = 1 << 28
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class NotProven(Exception):  # noqa: N818 - it says what it is
    """What is kept of an audit cannot be gone on from; the text says why, for whoever audits."""


@dataclass(frozen=True, slots=True)
class Under:
    """What an audit stands under; all of it is the same, or nothing is taken over.

    `program` and `rules` judged, `exchange` and `deployment` name space and chain, `reader` opened the disclosures.
    """

    program: str
    rules: str
    exchange: str
    deployment: str
    reader: str

    def other(self, than: Under) -> str:
        """Return the names of what differs, joined; nothing if nothing does."""
        return ", ".join(one.name for one in fields(self) if getattr(self, one.name) != getattr(than, one.name))


@dataclass(frozen=True, slots=True)
class KeptTable:
    """A table of events: its file's name, the digest of all its bytes in hex, and at most how many rows it has."""

    name: str
    digest: str
    rows: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the course of a log was followed: `latest` and `last` in microseconds since 1970, `highest` a block.

    `times` and `blocks` are what was found on the way.
    """

    latest: int | None
    last: int | None
    highest: int
    times: tuple[Finding, ...] = ()
    blocks: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class KeptLog:
    """A log as far as it is proven: `size` entries of full bundles that make `root`, in the tables under `number`.

    `rows` events of `size_bytes` are kept; the bundles of `unsettled` are not, for what they disclose may yet change.
    """

    did: str
    number: int
    size: int
    root: str
    rows: int
    size_bytes: int
    unsettled: tuple[int, ...]
    course: Standing


@dataclass(frozen=True, slots=True)
class Proven:
    """The whole of it; `block` is the number up to which the chain was final, `cited` what the chain had up to it.

    `judged` are the verdicts over rows that are kept.
    """

    under: Under
    block: int
    cited: Mapping[int, BlockHead]
    logs: tuple[KeptLog, ...]
    tables: tuple[KeptTable, ...]
    judged: Judged | None = None

    def log(self, did: str) -> KeptLog | None:
        """Return what is proven of a member's log."""
        return next((one for one in self.logs if one.did == did), None)

    @property
    def entries(self) -> int:
        """Return how many entries are proven in all logs together."""
        return sum(one.size for one in self.logs)

    @property
    def digest(self) -> str:
        """Return what the signature is over, in hex."""
        return H(LABEL, canonical(self._json())).hex()

    def signed(self, secret: Secret) -> bytes:
        """Return the document, signed with an agreement key."""
        made = signature.sign(bytes.fromhex(self.digest), secret)
        return canonical({"proven": self._json(), "signature": made.hex()})

    @classmethod
    def verified(cls, raw: bytes, signer: bytes) -> Proven:
        """Read what `signed` made; raises NotProven unless this account signed it."""
        try:
            document = load(raw, max_bytes=PROVEN_BYTES_MAX)
            said = document["proven"]
            made = read_hex(document["signature"], "signature", signature.SIGNATURE_BYTES)
            if not signature.is_by(signer, H(LABEL, canonical(said)), made):
                raise NotProven("it is not signed by the key of whoever audits")
            if said["v"] != VERSION:
                raise NotProven("it is of a version that is not known")
            return cls._read(said)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise NotProven(f"it cannot be read: {why(error)}") from error

    def _json(self) -> dict[str, Any]:
        return {
            "v": VERSION,
            "under": asdict(self.under),
            "block": str(self.block),
            "cited": {str(number): head.json() for number, head in sorted(self.cited.items())},
            "logs": [_shown(one) for one in self.logs],
            "tables": [asdict(one) for one in self.tables],
            "judged": None if self.judged is None else self.judged.json(),
        }

    @classmethod
    def _read(cls, said: Mapping[str, Any]) -> Proven:
        return cls(
            Under(**said["under"]),
            int(said["block"]),
            {int(number): BlockHead.from_json(head) for number, head in said["cited"].items()},
            tuple(_log(row) for row in said["logs"]),
            tuple(KeptTable(**row) for row in said["tables"]),
            None if said["judged"] is None else Judged.from_json(said["judged"]),
        )


def digest(value: Any) -> str:
    """Return a digest of what an exchange says, in hex; also of what has no canonical form."""
    try:
        said = canonical(value)
    except ContractError:
        said = repr(value).encode(errors="replace")
    return sha256(said).hexdigest()


def _shown(log: KeptLog) -> dict[str, Any]:
    course = log.course
    return {
        "did": log.did,
        "number": log.number,
        "size": str(log.size),
        "root": log.root,
        "rows": str(log.rows),
        "bytes": str(log.size_bytes),
        "unsettled": list(log.unsettled),
        "course": {name: _text(getattr(course, name)) for name in ("latest", "last", "highest")},
        "times": [_told(one) for one in course.times],
        "blocks": [_told(one) for one in course.blocks],
    }


def _log(row: Mapping[str, Any]) -> KeptLog:
    told = {name: None if value is None else int(value) for name, value in row["course"].items()}
    found = _found(row["times"]), _found(row["blocks"])
    course = Standing(told["latest"], told["last"], int(row["course"]["highest"]), *found)
    rows, size_bytes, unsettled = int(row["rows"]), int(row["bytes"]), tuple(row["unsettled"])
    return KeptLog(row["did"], row["number"], int(row["size"]), row["root"], rows, size_bytes, unsettled, course)


def _text(value: int | None) -> str | None:
    return None if value is None else str(value)


def _told(finding: Finding) -> dict[str, Any]:
    """Return a finding about one log's course: it follows from no other."""
    at = None if finding.at is None else str((finding.at - _EPOCH) // _MICROSECOND)
    named = {"code": finding.code, "subject": finding.subject, "kind": finding.kind, "part": finding.part}
    return {**named, "index": finding.index, "at": at, "facts": dict(finding.facts)}


def _found(rows: Sequence[Mapping[str, Any]]) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            row["code"],
            row["subject"],
            row["facts"],
            row["kind"],
            row["index"],
            None if row["at"] is None else _EPOCH + timedelta(microseconds=int(row["at"])),
            row["part"],
        )
        for row in rows
    )
