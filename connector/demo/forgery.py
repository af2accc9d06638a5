"""Step 8: three forgeries by an insider who has the real log key, each caught and named by the audit.

Every forgery rebuilds the tree and signs the new head, so the log alone is without fault. Three things betray it: the
head that the chain holds, the cosignatures that the new head lacks, and what the counterparty wrote down. The first two
show that the past was changed; the third shows where, so only a finding that names the forged event counts as caught.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from connector.demo import insider, inspection, mirror_site
from connector.identity import keys as key_files
from connector.runtime.data_folder import KEYS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from connector.demo.insider import Leaf, Loot
    from connector.demo.story import Cast

RELEASED, STARTED, DECIDED = "keys.released", "opening.started", "decision.made"
LITTLE_LATER = timedelta(milliseconds=5)
# findings that show that the past was changed: the chain's head, the witnesses' cosignatures
REWRITTEN = frozenset({"log-shrank-below-anchor", "log-forked-from-anchor"})
UNWITNESSED = "head-not-witnessed"
Note = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Forgery:
    """The forged log, what was done in words, and which findings would name it: code, index in the log, seq."""

    what: str
    leaves: Sequence[Leaf]
    codes: tuple[str, ...]
    index: int | None
    seq: str

    def named(self, finding: Note, provider: str) -> bool:
        """Say whether a finding is about the provider's log and names what was forged."""
        if finding["subject"] != provider or finding["code"] not in self.codes or finding.get("seq") != self.seq:
            return False
        return self.index is None or (finding.get("event"), finding.get("index")) == (RELEASED, self.index)


def drop(loot: Loot) -> Forgery:
    """Leave out a release in the middle, as if its keys had never been given."""
    _, leaf = _middle(loot)
    leaves = [one for one in loot.leaves if one is not leaf]
    seq = leaf.entry.link[1]
    return Forgery(f"dropped {RELEASED} of seq {seq}", leaves, ("receipt-without-release",), None, seq)


def alter(loot: Loot) -> Forgery:
    """Halve the amount of a release, which would rob the exchange of its share."""
    index, leaf = _middle(loot)
    less = str(int(leaf.fields["amount"]) // 2)
    leaves = list(loot.leaves)
    leaves[index] = loot.written(leaf.entry, {**leaf.fields, "amount": less})
    what = f"altered {RELEASED} at index {index} from {leaf.fields['amount']} to {less}"
    codes = ("counterparty-differs", "amount-differs-from-tariff", "receipt-mismatch")
    return Forgery(what, leaves, codes, index, leaf.entry.link[1])


def add(loot: Loot) -> Forgery:
    """Add one more opening after the last one, with the decision and the release that an honest one would have."""
    # a transfer of statements begins with one, too; it has no reader, and nothing is released for it
    started = next(one for one in reversed(loot.leaves) if one.entry.kind == STARTED and one.fields["readerKey"])
    released = _release_of(loot, started)
    decided = _last(loot, DECIDED, started.entry.part)
    reader, account = secrets.token_hex(32), secrets.token_hex(32)
    number, seq = str(int(started.fields["opening"]) + 1), str(int(released.entry.link[1]) + 1)
    rows = [{**row, "readerKey": reader} for row in released.fields["rows"]]
    cumulative = str(int(released.fields["cumulative"]) + int(released.fields["amount"]))
    release = {**released.fields, "rows": rows, "cumulative": cumulative}
    opening = {**started.fields, "opening": number, "readerKey": reader}
    when = started.entry.time + LITTLE_LATER
    made = [
        loot.written(decided.entry._replace(time=when, link=(account,)), decided.fields),
        loot.written(released.entry._replace(time=when, link=(account, seq)), release),
        loot.written(started.entry._replace(time=when, link=(opening["transfer"], number)), opening),
    ]
    at = loot.leaves.index(started) + 1
    leaves = [*loot.leaves[:at], *made, *loot.leaves[at:]]
    what = f"added opening {number} at index {at + 1}"
    return Forgery(what, leaves, ("openings-over-limit", "release-without-voucher"), at + 1, seq)


FORGERIES: dict[str, Callable[[Loot], Forgery]] = {"drop": drop, "alter": alter, "add": add}


async def drill(cast: Cast, folder: Path) -> list[Note]:
    """Forge on copies of the provider's data, serve each forged log as a mirror, audit it, and say what was found."""
    supervisor = key_files.load(cast.regulator.data / KEYS).delivery_public
    places = {name: folder / name for name in FORGERIES}
    made = {name: await asyncio.to_thread(_forge, cast, at, name, supervisor) for name, at in places.items()}
    async with mirror_site.serving(folder) as url:
        origin, provider = cast.notes["provider"]["origin"], cast.notes["provider"]["did"]
        audits = await asyncio.gather(*(inspection.audit(cast, {origin: f"{url}/{name}/log"}) for name in made))
    return [_verdict(forgery, audit, provider) for forgery, audit in zip(made.values(), audits, strict=True)]


def _forge(cast: Cast, folder: Path, name: str, supervisor: bytes) -> Forgery:
    """Copy the provider's data, forge, rebuild, sign, and lay the forged log out as files."""
    insider.copy(cast.provider.data, folder / "data")
    loot = insider.plunder(folder / "data", supervisor)
    forgery = FORGERIES[name](loot)
    log, note = loot.rebuilt(forgery.leaves)
    boxes = [leaf.boxes for leaf in forgery.leaves]
    mirror_site.lay_out(folder / "log", log, note, boxes, loot.peers)
    return forgery


def _verdict(forgery: Forgery, audit: Note, provider: str) -> Note:
    """Return whether the audit names the forgery, and says that the past was rewritten and the head is unwitnessed."""
    findings = [row for one in audit["findings"] for row in (one, *one.get("follows", ()))]
    mine = {finding["code"] for finding in findings if finding["subject"] == provider}
    naming = [finding for code in forgery.codes for finding in findings if finding["code"] == code]
    finding = next((one for one in naming if forgery.named(one, provider)), None)
    caught = finding is not None and bool(mine & REWRITTEN) and UNWITNESSED in mine
    return {"what": forgery.what, "caught": caught, "finding": None if finding is None else inspection.told(finding)}


def _middle(loot: Loot) -> tuple[int, Leaf]:
    """Return the release in the middle of the channel that has most of them, with its index."""
    releases = [(index, leaf) for index, leaf in enumerate(loot.leaves) if leaf.entry.kind == RELEASED]
    parts = [leaf.entry.part for _, leaf in releases]
    busiest = max(parts, key=parts.count)
    of_one = [(index, leaf) for index, leaf in releases if leaf.entry.part == busiest]
    return of_one[len(of_one) // 2]


def _last(loot: Loot, kind: str, part: str) -> Leaf:
    return next(leaf for leaf in reversed(loot.leaves) if leaf.entry.kind == kind and part in {"", leaf.entry.part})


def _release_of(loot: Loot, started: Leaf) -> Leaf:
    """Return the release that began an opening: that of its reader key."""
    reader = started.fields["readerKey"]
    releases = (leaf for leaf in loot.leaves if leaf.entry.kind == RELEASED)
    return next(leaf for leaf in releases if any(row["readerKey"] == reader for row in leaf.fields["rows"]))
