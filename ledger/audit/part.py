"""A part of an audit: what one regulator found of its share, signed, to be put together with the others.

    {part: {v, cut: {seed, of}, share, ground, closed: [[matter, sums]], open: [matter]}, signature}

Law: the signature is by the regulator's agreement key, over the canonical JSON of `part` under a label of its own. A
part accuses nobody. It says of each matter of its share either that nothing was found of it and nothing is awaited, and
what it adds up to; or that it is open, and then whoever joins the parts judges it. `ground` is what was judged, by
digests: parts of other records, or judged by another program, are parts of another audit.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from contracts import signature
from contracts.canonical import canonical, load
from contracts.decimals import read_hex
from contracts.errors import why
from contracts.labels import H
from ledger.audit.cut import Cut
from ledger.audit.proven import Under
from ledger.audit.report import COUNTS
from ledger.audit.sums import Sums

if TYPE_CHECKING:
    from collections.abc import Mapping

    from contracts.signature import Secret

VERSION = 1
LABEL = "audit-part"
# of the document: a matter takes some 500 bytes in it
PART_BYTES_MAX = 1 << 28


class NotAPart(Exception):  # noqa: N818 - it says what it is
    """A document is no part of an audit, or is not signed; the text says why, for whoever joins."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What an audit judges: what it stands `under`, and digests of space document, heads of logs, and chain."""

    under: Under
    space: str
    heads: str
    chain: str

    def other(self, than: Ground) -> str:
        """Return the names of what differs, joined; nothing if nothing does."""
        names = [one.name for one in fields(self) if one.name != "under"]
        found = [name for name in names if getattr(self, name) != getattr(than, name)]
        return ", ".join(filter(None, [self.under.other(than.under), *found]))


@dataclass(frozen=True, slots=True)
class Part:
    """What was found of the matters of share number `share`; `closed` matter → what it adds up to."""

    cut: Cut
    share: int
    ground: Ground
    closed: Mapping[str, Sums]
    open: frozenset[str]

    @property
    def digest(self) -> bytes:
        """Return what the signature is over."""
        return H(LABEL, canonical(self._json()))

    def signed(self, secret: Secret) -> bytes:
        """Return the document, signed with an agreement key."""
        return canonical({"part": self._json(), "signature": signature.sign(self.digest, secret).hex()})

    @classmethod
    def read(cls, raw: bytes) -> tuple[Part, bytes]:
        """Return the part in a document, and the account that signed it; raises NotAPart."""
        try:
            document = load(raw, max_bytes=PART_BYTES_MAX)
            said = document["part"]
            if said["v"] != VERSION:
                raise NotAPart("it is of a version that is not known")
            made = read_hex(document["signature"], "signature", signature.SIGNATURE_BYTES)
            return cls._read(said), signature.recover(H(LABEL, canonical(said)), made)
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            raise NotAPart(f"it cannot be read: {why(error)}") from error

    def _json(self) -> dict[str, Any]:
        return {
            "v": VERSION,
            "cut": {"seed": self.cut.seed.hex(), "of": self.cut.of},
            "share": self.share,
            "ground": asdict(self.ground),
            "closed": [[matter, self.closed[matter].json()] for matter in sorted(self.closed)],
            "open": sorted(self.open),
        }

    @classmethod
    def _read(cls, said: Mapping[str, Any]) -> Part:
        ground, cut = dict(said["ground"]), said["cut"]
        under = Under(**ground.pop("under"))
        rows = said["closed"]
        closed = {str(matter): _sums(sums) for matter, sums in rows}
        part = cls(
            Cut(bytes.fromhex(cut["seed"]), cut["of"]),
            said["share"],
            Ground(under, **ground),
            closed,
            frozenset(map(str, said["open"])),
        )
        texts = [*asdict(part.ground.under).values(), part.ground.space, part.ground.heads, part.ground.chain]
        if (
            type(part.share) is not int
            or type(part.cut.of) is not int
            or not all(isinstance(one, str) for one in texts)
        ):
            raise NotAPart("its share is no number, or its ground no text")
        if len(rows) != len(closed) or len(said["open"]) != len(part.open) or part.open & closed.keys():
            raise NotAPart("a matter stands in it twice")
        return part


def _sums(said: Mapping[str, Any]) -> Sums:
    """Return what a matter adds up to; raises ValueError where a sum is of nothing that is counted."""
    sums = Sums.from_json(said)
    words = [word for row in (*sums.sold, *sums.prices) for word in row] + [one.provider for one in sums.editions]
    if not sums.counts.keys() <= COUNTS or not all(isinstance(word, str) for word in words):
        raise ValueError("a sum is of nothing that an audit counts")
    return sums
