"""The events of spec 7 as a table, and the log entry that records one.

Law: what we write is in the table (kind, number of links, required and allowed field names) or it is refused; what we
read may be of a kind we do not know, it is kept and shown. An entry holds no name, price or personal datum: those are
salted digests in `sd`, and their values are disclosed beside the log (ledger.log.disclosure).

    JCS {v, type, time, party, part, link[], sd[], block}        at most 65,535 bytes
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from contracts.signature import DIGEST_BYTES
from ledger.log.tiles import ENTRY_LIMIT_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

VERSION = 1
TEXT_LIMIT_CHARS = 512  # one part, link or party
LINK_LIMIT_COUNT = 8
FIELD_LIMIT_COUNT = 64
SHAPES_KEPT = 256  # sets of names that our own events come with
BLOCKS_KEPT = 256  # blocks that were read: entries beside each other cite the same few

BLOCK_LIMIT = 2**63 - 1
# an entry is dated within these: so far from both ends of the calendar that nobody's reckoning with it leaves that
YEARS = range(1970, 9000)
# the field that says who of a participant's own people acted; an event of any kind may have it
ACTOR = "actor"
# as `Entry.encode` writes it, which is the one spelling of an instant that is read
_TIME = re.compile(r"\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):\d\d:\d\d\.\d{6}Z", re.ASCII)
_KEYS = {"v", "type", "time", "party", "part", "link", "sd", "block"}


class EventError(ValueError):
    """An event the table does not know, or an entry that is not one; its author is at fault."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What an event of a kind carries: names of its links (`?` at the end: may be absent) and of its fields."""

    links: tuple[str, ...]
    required: frozenset[str]
    allowed: frozenset[str]


def _shape(links: str, required: str, optional: str = "") -> Shape:
    needed = frozenset(required.split())
    return Shape(tuple(links.split()), needed, needed | frozenset(optional.split()))


_MOVE = "from to by reason"
_CHANNEL = "agreementDigest payer payee tx"
_OFFER = "lock maskedHash rows amount cumulative decisionDigest"
_FLOW = "plane role participant counterparty agreement dataset profile edition"
_OPENING = "transfer opening readerKey purpose"

SHAPES: Mapping[str, Shape] = {
    "edition.sealed": _shape("editionId", "rows bytes layout", "product series number root tx sources"),
    "edition.registered": _shape("editionId", "tx", "rows bytes layout product block blindSalt"),
    "edition.withdrawn": _shape("editionId", "reason", "tx grade keysErased piecesKeptForOtherEditions"),
    "edition.transferred": _shape("editionId", "to tx"),
    "edition.pledged": _shape("editionId", "creditor terms tx"),
    "edition.released": _shape("editionId", "tx"),
    "edition.reviewed": _shape("editionId", "seed rows bound", "product reviewer provider result"),
    "agreement.signed": _shape(
        "agreementDigest authority?",
        "terms agreement provider buyer providerSignature buyerSignature",
        "termsDigest product negotiation counted",
    ),
    "agreement.amended": _shape("agreementDigest oldDigest", "provider buyer"),
    "agreement.ended": _shape("agreementDigest", "reason", "by"),
    "notice.sent": _shape("agreementDigest", "kind text to"),
    "notice.received": _shape("agreementDigest", "kind text from"),
    "duty.performed": _shape("agreementDigest", "action duty step"),
    "duty.failed": _shape("agreementDigest", "reason"),
    "alarm.raised": _shape("agreementDigest", "code by kind", "text"),
    "licence.granted": _shape("agreementDigest parent?", "licence tx", "token holder block"),
    "licence.sublicensed": _shape("agreementDigest parent", "licence child", "tx"),
    "licence.suspended": _shape("agreementDigest parent?", "licence cause"),
    "licence.resumed": _shape("agreementDigest parent?", "licence cause"),
    "licence.pledged": _shape("agreementDigest", "licence creditor terms tx"),
    "licence.released": _shape("agreementDigest", "licence tx"),
    "licence.revoked": _shape("agreementDigest parent?", "licence cause", "tx"),
    "channel.opened": _shape("channelId", "agreementDigest deposit expiry payer payee tx", "signer token split salt"),
    "channel.topped": _shape("channelId", "deposit expiry tx", _CHANNEL),
    "channel.claimed": _shape("channelId", "cumulative tx", f"shares seq accountHash {_CHANNEL}"),
    "channel.closed": _shape("channelId", "cumulative tx", f"shares refund seq accountHash {_CHANNEL}"),
    "decision.made": _shape(
        "request", "outcome rules reasons requestDigest counters purpose", "decisionDigest action place asked"
    ),
    "keys.offered": _shape("accountHash seq", _OFFER, "voucherDigest plainBytes validUntil offerDigest"),
    "keys.released": _shape(
        "accountHash seq", f"{_OFFER} voucherDigest plainBytes", "validUntil offerDigest releasedAt"
    ),
    "keys.refused": _shape("accountHash seq", "reason", f"{_OFFER} voucherDigest plainBytes"),
    "keys.received": _shape("accountHash seq", "receiptDigest rows amount cumulative voucherDigest", "plainBytes lock"),
    "keys.acknowledged": _shape(
        "accountHash seq", "amount cumulative voucherDigest", "receiptDigest rows code plainBytes"
    ),
    "keys.faulted": _shape("accountHash seq", "code", "receiptDigest rows amount cumulative voucherDigest bundle"),
    "keys.exported": _shape("editionId agreementDigest", "opening purpose rows"),
    "opening.started": _shape(
        "transferId opening", f"{_OPENING} rows bytes", "agreementDigest metering statement joined"
    ),
    "opening.ended": _shape("transferId opening", f"{_OPENING} duration", "rows bytes agreementDigest metering"),
    "copy.served": _shape(
        "transferId opening", "transfer bytes plainBytes rows amount metering", "agreementDigest calls"
    ),
    "computation.started": _shape(
        "transferId job", "transfer job statement purpose", "epsilon keys matched program assent atMost agreementDigest"
    ),
    "computation.ended": _shape(
        "transferId job",
        "transfer job statement outcome rows",
        "answer seconds attested agreementDigest by question members signatures",
    ),
    "answer.received": _shape("agreementDigest job", "job statement receipt signature", "attested"),
    "use.moved": _shape("agreementDigest", f"{_MOVE} digest member stop"),
    "flow.started": _shape("flow", _FLOW),
    "flow.ended": _shape("flow", f"{_FLOW} state bytes"),
    "negotiation.moved": _shape("negotiation", f"{_MOVE} digest", "agreementDigest product"),
    "listing.moved": _shape("product", f"{_MOVE} digest"),
    "space.headed": _shape("headDigest number root", ""),
    "member.moved": _shape("member", f"{_MOVE} digest"),
    "demand.moved": _shape("demand", f"{_MOVE} digest"),
    "project.moved": _shape("project", f"{_MOVE} digest"),
    "project.signed": _shape("projectDigest", "document signature"),
    "project.result": _shape("project", "by digest made"),
    "hosting.moved": _shape("agreementDigest", f"{_MOVE} digest", "document signatures"),
    "credential.moved": _shape("credential", f"{_MOVE} digest holder type"),
    "credential.received": _shape("credential", "issuer type digest"),
    "code.assigned": _shape("code", "kind holder about title by"),
    "code.verified": _shape("code", "holder level digest"),
    "node.linked": _shape("node", f"{_MOVE} digest"),
    "report.made": _shape("reportDigest", "number until"),
    "report.received": _shape("reportDigest", "number from"),
    "template.moved": _shape("template", f"{_MOVE} digest"),
    "deal.moved": _shape("dealDigest", f"{_MOVE} digest"),
    "deal.signed": _shape("dealDigest", "document word signature"),
    "contract.filed": _shape("agreementDigest", "contract hash by"),
    "contract.proposed": _shape("contract", "number by to strategy previous", "proof through"),
    "contract.signed": _shape("agreementDigest", "contract name strategy provider consumer signatures"),
    "contract.consented": _shape("agreementDigest", "contract party role share signature"),
    "contract.declined": _shape("agreementDigest", "contract party reason"),
    "service.named": _shape("product", "party role share"),
    "service.dropped": _shape("product", "party"),
    "delivery.listed": _shape("product", "caller"),
    "delivery.unlisted": _shape("product", "caller"),
    "contract.reported": _shape("agreementDigest", "interface contract digest from to", "result"),
    "instruction.moved": _shape("agreementDigest", "contract instruction from to", "version"),
    "identity.moved": _shape("member", f"{_MOVE} digest", "tx"),
    "key.moved": _shape("member", f"{_MOVE} digest kind"),
    "trade.recorded": _shape("product", "channel price unit topic grade form tier currency amount digest"),
    "complaint.moved": _shape("complaint", f"{_MOVE} digest complainant respondent agreementDigest late", "amount due"),
    "cash.moved": _shape("cash", f"{_MOVE} digest", "tx"),
    "payment.made": _shape("payment", "kind to amount tx", "agreementDigest reason complaint"),
    "operator.moved": _shape("operator", f"{_MOVE} digest"),
    "act.moved": _shape("act", f"{_MOVE} digest"),
    "leave.moved": _shape("member", f"{_MOVE} digest"),
    "space.moved": _shape("space", f"{_MOVE} digest"),
    "replica.held": _shape("editionId agreementDigest", "place", "rows bytes from"),
    "replica.checked": _shape("editionId agreementDigest", "result", "from"),
    "replica.deleted": _shape(
        "editionId agreementDigest", "grade", "keysErased reason sealedBytes copiesErased copiesElsewhere"
    ),
    "dispute.filed": _shape("accountHash", "bundle", "code"),
    "dispute.ruled": _shape("accountHash", "bundle ruling", "tx"),
    "assent.given": _shape("assent", "document"),
    "authority.granted": _shape("authority", "document signature name salt"),
    "authority.revoked": _shape("authority", "reason"),
    "access.changed": _shape("kind", "what name roles may", "until"),
    "record.viewed": _shape("page", "account about"),
    "time.mark": _shape("", "peers", "block"),
    "heads.gathered": _shape("root count", ""),
    "heads.missed": _shape("", "size by reason"),
    "disclosure.erased": _shape("leaf", "index reason"),
    "disclosure.made": _shape("recipient", "to events"),
    "log.restored": _shape("oldCheckpoint newCheckpoint", "cause"),
}


class Block(NamedTuple):
    """A chain block an entry cites as proof that it was not written before: number and 32-byte hash."""

    number: int
    hash: bytes


class Entry(NamedTuple):
    """One log entry. `time` is aware UTC, `sd` the sorted 32-byte digests of its fields."""

    kind: str
    time: datetime
    party: str
    part: str
    link: tuple[str, ...]
    sd: tuple[bytes, ...]
    block: Block | None = None

    def encode(self) -> bytes:
        """Return the canonical bytes that go into the tree; EventError for what JSON cannot say, or too much."""
        told = {
            "v": VERSION,
            "type": self.kind,
            "time": self.time.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z",
            "party": self.party,
            "part": self.part,
            "link": self.link,
            "sd": [digest.hex() for digest in self.sd],
            "block": self.block and {"number": str(self.block.number), "hash": self.block.hash.hex()},
        }
        try:
            # texts under keys of ours, one small integer, no fraction: sorted, this is RFC 8785
            entry = orjson.dumps(told, option=orjson.OPT_SORT_KEYS)
        except orjson.JSONEncodeError as error:
            raise EventError(f"an entry holds what JSON cannot say: {error}") from error
        if len(entry) > ENTRY_LIMIT_BYTES:
            raise EventError(f"an entry of `{len(entry)}` bytes is over the limit of {ENTRY_LIMIT_BYTES}")
        return entry


def check(kind: str, link: Sequence[str], names: Iterable[str]) -> None:
    """Raise `EventError` unless the table allows an event of this kind with these links and field names."""
    _check(kind, len(link), tuple(names))


@lru_cache(maxsize=SHAPES_KEPT)
def _check(kind: str, links: int, names: tuple[str, ...]) -> None:
    shape = SHAPES.get(kind)
    if shape is None:
        raise EventError(f"no event is called `{kind}`; add a row to the table of spec 7 first")
    needed = sum(not name.endswith("?") for name in shape.links)
    if not needed <= links <= len(shape.links):
        raise EventError(f"`{kind}` links `{' '.join(shape.links)}`, not `{links}` ids")
    given = frozenset(names)
    if missing := shape.required - given:
        raise EventError(f"`{kind}` lacks the fields {', '.join(sorted(missing))}")
    if unknown := given - shape.allowed:
        raise EventError(f"`{kind}` has no fields {', '.join(sorted(unknown))}")


def decode(raw: bytes) -> Entry:
    """Read an entry strictly: what does not come back equal when written again is refused.

    Each part is held against its own spelling, and the whole against the bytes; nothing before that has to refuse a
    second spelling.
    """
    try:
        if len(raw) > ENTRY_LIMIT_BYTES:
            raise EventError(f"an entry of `{len(raw)}` bytes is over the limit of {ENTRY_LIMIT_BYTES}")
        document = orjson.loads(raw)
        entry = _read(document)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise EventError(f"not a log entry: {error}") from error
    if orjson.dumps(document, option=orjson.OPT_SORT_KEYS) != raw or not _is_spelled(document, entry):
        raise EventError("the entry is not in canonical form")
    return entry


def _read(document: Any) -> Entry:
    if not isinstance(document, dict) or document.keys() != _KEYS or document["v"] != VERSION:
        raise EventError(f"an entry of version {VERSION} has exactly the keys {', '.join(sorted(_KEYS))}")
    link, sd = document["link"], document["sd"]
    if len(link) > LINK_LIMIT_COUNT or len(sd) > FIELD_LIMIT_COUNT or sorted(set(sd)) != sd:
        raise EventError("too many links or fields, or `sd` is not sorted and unique")
    kind, party, part = document["type"], document["party"], document["part"]
    for text in (kind, party, part, *link):
        if type(text) is not str or len(text) > TEXT_LIMIT_CHARS:
            raise EventError(f"a text of at most {TEXT_LIMIT_CHARS} characters is needed, not `{str(text)[:60]}`")
    time, cited = _time(document["time"]), document["block"]
    block = None if cited is None else _block(cited)
    return Entry(kind, time, party, part, tuple(link), _digests(sd), block)


def _is_spelled(document: Mapping[str, Any], entry: Entry) -> bool:
    """Say whether an entry would write all that is no mere text as it stands in the document that it was read of."""
    if type(document["v"]) is not int or type(document["link"]) is not list or not _TIME.fullmatch(document["time"]):
        return False
    if b"".join(entry.sd).hex() != "".join(document["sd"]):
        return False
    block = entry.block
    return block is None or document["block"] == {"number": str(block.number), "hash": block.hash.hex()}


def _time(value: Any) -> datetime:
    time = datetime.fromisoformat(value)
    if time.year not in YEARS:
        raise EventError(f"an entry is dated from {YEARS[0]} to {YEARS[-1]}, not `{value[:40]}`")
    return time


def _block(value: Any) -> Block:
    if value.keys() != {"number", "hash"}:
        raise EventError("`block` has a decimal number and a hash")
    return _cited(value["number"], value["hash"])


@lru_cache(maxsize=BLOCKS_KEPT)
def _cited(number: str, digest: str) -> Block:
    if not number.isdigit():
        raise EventError("`block` has a decimal number and a hash")
    if int(number) > BLOCK_LIMIT:
        raise EventError(f"no chain has a block `{number[:40]}`")
    return Block(int(number), _digest(digest))


def _digests(values: Any) -> tuple[bytes, ...]:
    """Return digests, read in one go; where that does not come out even, one by one, which says what is wrong."""
    packed = bytes.fromhex("".join(values))
    if len(packed) != DIGEST_BYTES * len(values) or max(map(len, values), default=0) > 2 * DIGEST_BYTES:
        return tuple(map(_digest, values))
    return tuple([packed[at : at + DIGEST_BYTES] for at in range(0, len(packed), DIGEST_BYTES)])


def _digest(value: Any) -> bytes:
    digest = bytes.fromhex(value)
    if len(digest) != DIGEST_BYTES:
        raise EventError(f"`{str(value)[:80]}` is no {DIGEST_BYTES}-byte digest in lower-case hex")
    return digest
