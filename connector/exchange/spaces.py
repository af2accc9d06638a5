"""The spaces of an exchange: made, described, ruled and wound up by its operators, and looked up by anybody.

Law: every version of a space's words and rules is on record, and every move an event of the exchange's log in the same
transaction. What is listed keeps to the rules as they are now: with a new version, what no longer does is suspended,
and its provider reads why. What was agreed before goes on.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from catalog import protection, spaces
from catalog.listing import Move
from catalog.listing import State as ListingState
from catalog.spaces import MAIN, Rules, State
from connector.exchange import kinds, standing
from connector.exchange.case import NOWHERE, Case, Turn
from connector.exchange.kinds import DATA_SETS, KINDS
from connector.exchange.membership import refuse_leaving
from connector.exchange.operators import mode
from connector.runtime import reasons
from connector.runtime.errors import Conflict, InvalidInput, NotPermitted
from connector.runtime.limits import REASON_CHARACTERS_MAX, SPACES_MAX
from connector.store.columns import EPOCH
from connector.store.rows.catalogue import ListingRow
from connector.store.rows.space import SpaceRow, SpaceVersionRow
from ledger.edition.suite import SUITES
from policy.parse import parse

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from connector.core.core import Core
    from connector.exchange.finding import Finding
    from connector.exchange.numbering import Stocked
    from connector.exchange.operators import Operators
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject


WORDS = ("name", "description")
# what a version says
SAID = (*WORDS, "rules", "state")
SPACES = Case(
    SpaceRow,
    "id",
    "there is no space `{}`",
    "penstock space list",
    "space.moved",
    lambda row: {name: getattr(row, name) for name in SAID},
)
KEY_CHARACTERS_SHOWN = 100
LIMITS = {"name": spaces.NAME_CHARACTERS_MAX, "description": spaces.DESCRIPTION_CHARACTERS_MAX}


class Spaces:
    """The spaces of this exchange."""

    def __init__(self, core: Core, operators: Operators, finding: Finding) -> None:
        self._core, self._operators, self._finding = core, operators, finding

    async def page(self) -> JsonObject:
        """List the spaces, with who checks whom among the exchange's operators."""
        rows = await self._core.store.read(every)
        told = [view(row) for row in rows]
        return {"spaces": told, "operators": mode(await self._operators.posts())}

    async def show(self, key: str) -> JsonObject:
        """Return a space with its rules, in words too; raises Absent."""
        return view(await self._core.store.read(lambda tx: find(tx, key)))

    async def versions(self, key: str) -> list[JsonObject]:
        """Return every version of a space, the newest first."""

        def read(tx: Tx) -> list[SpaceVersionRow]:
            find(tx, key)
            return tx.find(SpaceVersionRow, "space = ?", (key,), "version desc")

        rows = await self._core.store.read(read)
        told = ("version", *WORDS, "rules", "state", "by", "reason")
        return [{name: getattr(row, name) for name in told} | {"since": _time(row.created)} for row in rows]

    async def create(self, key: str, words: JsonObject, rules: Any, by: str) -> JsonObject:
        """Make a space."""
        spaces.identifier(key)
        ruled = _read(rules)

        def act(tx: Tx) -> SpaceRow:
            if tx.get(SpaceRow, id=key) is not None or key == MAIN:
                raise Conflict(f"there is a space `{key}`", "choose another id")
            if len(every(tx)) >= SPACES_MAX:
                raise Conflict(f"an exchange has at most {SPACES_MAX} spaces", "wind up one that is not used")
            first = _first(key)
            made = replace(_worded(first, _words(words)), rules=ruled.json())
            return self._keep(tx, first, made, by, "", NOWHERE)

        return await self._done(act)

    async def change(self, key: str, changes: JsonObject, by: str, reason: str) -> JsonObject:
        """Give a space other words or other rules, as its next version; what no longer keeps to them is suspended."""
        reasons.check(reason, "members read what changed")
        ruled = _read(changes["rules"]) if "rules" in changes else None
        words = _words({name: changes[name] for name in WORDS if name in changes})

        def act(tx: Tx) -> SpaceRow:
            row = find(tx, key)
            if row.state != State.OPEN:
                raise Conflict(f"the space `{key}` is {row.state}")
            rules = row.rules if ruled is None else ruled.json()
            told = self._keep(tx, row, replace(_worded(row, words), rules=rules), by, reason, row.state)
            if ruled is not None:
                self._suspend(tx, key, ruled, "")
            return told

        return await self._done(act)

    async def close(self, key: str, by: str, reason: str) -> JsonObject:
        """Wind a space up: nothing is handed in or found there any more; agreements go on."""
        reasons.check(reason, "members read it")
        if key == MAIN:
            raise Conflict(f"the space `{MAIN}` lasts as long as the exchange")

        def act(tx: Tx) -> SpaceRow:
            row = find(tx, key)
            if row.state != State.OPEN:
                raise Conflict(f"the space `{key}` is {row.state}")
            told = self._keep(tx, row, replace(row, state=State.CLOSED), by, reason, row.state)
            self._suspend(tx, key, None, f"the space `{key}` was wound up: {reason}")
            return told

        return await self._done(act)

    async def _done(self, act: Callable[[Tx], SpaceRow]) -> JsonObject:
        row = await self._core.store.write(act)
        self._finding.changed()
        return view(row)

    def _keep(self, tx: Tx, row: SpaceRow, after: SpaceRow, by: str, reason: str, since: str) -> SpaceRow:
        """Keep a space as it is from now on, as its next version."""
        now, written = self._core.clock.now(), row.version > 0
        created = row.created if written else now
        new = replace(after, version=row.version + 1, reason=reason, created=created, updated=now)
        said = SPACES.said(new)
        tx.insert(SpaceVersionRow(space=new.id, version=new.version, **said, by=by, reason=reason, created=now))
        turn = Turn(new, by, reason)
        return SPACES.keep(tx, self._core.evidence, row if written else None, turn, since=since)

    def _suspend(self, tx: Tx, key: str, rules: Rules | None, why: str) -> None:
        """Suspend what is listed in a space and does not keep to its rules; all of it without rules."""
        now = self._core.clock.now()
        state = ListingState.LISTED.value
        where = ("(space is null or space = ?) and state = ?", (key, state))
        if key != MAIN:
            where = ("space = ? and state = ?", (key, state))
        found = [(row, kind) for stock, kind in KINDS.items() for row in tx.find(stock, *where)]
        stand = [standing.stood(row) for row in tx.find(ListingRow, "standing is not null")]
        found += [(row, DATA_SETS) for row in stand if (row.space or MAIN) == key]
        for row, kind in found:
            reason = why if rules is None else "; ".join(faults(rules, kinds.document(row), row.provider))
            if reason:
                told = {"by": self._core.identity.did, "role": "exchange", "reason": reason[:REASON_CHARACTERS_MAX]}
                kind.move(tx, self._core.evidence, row.id, Move.SUSPEND, **told, now=now)


def find(tx: Tx, key: str) -> SpaceRow:
    """Return a space; raises Absent. The first one is there before anybody wrote it down."""
    row = tx.get(SpaceRow, id=key)
    if row is None and key == MAIN:
        return _first(MAIN)
    if row is None:
        raise SPACES.absent(key[:KEY_CHARACTERS_SHOWN])
    return row


def check(tx: Tx, document: JsonObject, did: str) -> None:
    """Raise unless a product or service may be listed in the space that it names; NotPermitted says every reason."""
    row = find(tx, document.get("space") or MAIN)
    if row.state != State.OPEN:
        raise Conflict(f"the space `{row.id}` is {row.state}", "penstock space list")
    refuse_leaving(tx, did)
    if why := faults(spaces.from_json(row.rules), document, did):
        raise NotPermitted(
            f"the rules of the space `{row.id}` do not let it in: {'; '.join(why)}",
            f"penstock space show {row.id}",
        )


def faults(rules: Rules, document: JsonObject, member: str) -> tuple[str, ...]:
    """Return why a product or service, as it is handed in or listed, does not keep to the rules."""
    kind = kinds.of(document["id"])
    rule, tier = kind.ruled(document)
    policy = parse({"@type": "Set", **rule, "target": document["id"]})
    sealed = document["header"]["suite"] if "header" in document else None
    suite = next((name for name, one in SUITES.items() if one.name == sealed), "")
    return rules.faults(kind.described(document), tier, policy, member, suite)


def least(tx: Tx, row: Stocked) -> JsonObject:
    """Return the weakest tier in which a listed data set may be delivered in its space, nothing for a service."""
    if not isinstance(row, ListingRow):
        return {}
    rules = spaces.from_json(find(tx, row.space or MAIN).rules)
    return {"least": protection.least(rules.table, kinds.described(row))}


def view(row: SpaceRow) -> JsonObject:
    """Return what anybody sees of a space."""
    rules = spaces.from_json(row.rules)
    told = {name: getattr(row, name) for name in ("id", *WORDS, "state", "version", "rules", "reason")}
    # the table that holds, whoever made it
    shown = {**told["rules"], "least": Rules(least=rules.table).json()["least"]}
    if rules.members is not None:  # who is in a closed space is its members' business; how many, everybody's
        shown["members"] = len(rules.members)
    return told | {"rules": shown, "words": [{"en": en, "zh": zh} for en, zh in spaces.words(rules)]}


def every(tx: Tx) -> list[SpaceRow]:
    """Return all spaces, the first one among them."""
    rows = tx.find(SpaceRow, order="created")
    return rows if any(row.id == MAIN for row in rows) else [_first(MAIN), *rows]


def _first(key: str) -> SpaceRow:
    """Return a space that nobody wrote down yet; when that is done says when it begins."""
    return SpaceRow(
        id=key,
        name="Everything",
        description="what names no other space is here",
        state=State.OPEN,
        version=0,
        rules=Rules().json(),
        reason="",
        created=EPOCH,
        updated=EPOCH,
    )


def _words(told: JsonObject) -> dict[str, str]:
    for name, value in told.items():
        if not isinstance(value, str) or len(value) > LIMITS[name] or (name == "name" and not value.strip()):
            raise InvalidInput(f"the {name} of a space is a text of at most {LIMITS[name]} characters")
    return told


def _worded(row: SpaceRow, words: dict[str, str]) -> SpaceRow:
    return replace(row, name=words.get("name", row.name), description=words.get("description", row.description))


def _read(rules: Any) -> Rules:
    return spaces.from_json({} if rules is None else rules)


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
