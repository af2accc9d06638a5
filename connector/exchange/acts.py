"""What operators did and what waits for another's assent: one row and one event for each act.

Law: (1) an act that waits is kept as it was asked for, and is done as that and nothing else. (2) Of two who assent one
does it. (3) An act that was assented to and broken off is done again by assenting again; every act may be.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from catalog.posts import ACTS, ASSENT_DAYS, Post, filled, refusal
from connector.exchange.case import Case, Turn, check_state
from connector.exchange.operators import posts
from connector.runtime import reasons
from connector.runtime.errors import Conflict, NotPermitted
from connector.runtime.limits import WAITING_ACTS_MAX
from connector.store.rows.space import ActRow, ActState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from catalog.posts import Act
    from connector.core.core import Core
    from connector.exchange.operators import Operator
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject


ID_BYTES = 6
SHOWN = ("id", "act", "operator", "post", "path", "body", "state", "other", "reason")
ROWS = Case(
    ActRow,
    "id",
    "there is no act `{}`",
    "penstock exchange pending",
    "act.moved",
    lambda row: {"act": row.act, "handler": row.handler, "path": row.path, "body": row.body},
)


@dataclass(frozen=True, slots=True)
class Asked:
    """An act as it is asked for: the handler that does it, the variables of its path, its body."""

    act: str
    handler: str
    path: Mapping[str, str]
    body: Any


class Acts:
    """The acts of this exchange's operators."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def begin(self, asked: Asked, operator: Operator | None) -> ActRow | None:
        """Take note of an act; returns its row, `waiting` if another has to assent. The owner acts while alone: None.

        Raises NotPermitted for a post, or an owner, that may not do it.
        """
        now = self._core.clock.now()
        return await self._core.store.write(lambda tx: self._begin(tx, asked, operator, now))

    async def page(self, state: str) -> list[JsonObject]:
        """List acts of a state, the newest first; raises InvalidInput for one that is none."""
        check_state(state, ActState, "of an act")
        await self._lapse()
        return [view(row) for row in await ROWS.page(self._core, "state = ?", (state,), "created desc")]

    async def assent(self, key: str, operator: Operator) -> ActRow:
        """Let an act be done; returns its row. Raises NotPermitted for whom it does not wait for."""
        await self._lapse()
        now = self._core.clock.now()

        def turned(row: ActRow) -> Turn[ActRow]:
            _check(row, operator, (ActState.WAITING, ActState.ASSENTED))
            if row.state == ActState.ASSENTED and row.other != operator.name:
                raise Conflict(f"`{row.other}` has assented to `{key}` and is doing it")
            return _moved(replace(row, other=operator.name), ActState.ASSENTED, operator.name, "", now)

        return await self._core.store.write(lambda tx: ROWS.move(tx, self._core.evidence, key, turned))

    async def dissent(self, key: str, operator: Operator, reason: str) -> JsonObject:
        """Refuse an act that waits, for a reason that who proposed it reads."""
        reasons.check(reason, "who proposed it reads why")
        now = self._core.clock.now()

        def turned(row: ActRow) -> Turn[ActRow]:
            _check(row, operator, (ActState.WAITING,))
            return _moved(replace(row, other=operator.name), ActState.REFUSED, operator.name, reason, now)

        return view(await self._core.store.write(lambda tx: ROWS.move(tx, self._core.evidence, key, turned)))

    async def end(self, key: str, result: Any, fault: str = "") -> JsonObject:
        """Note how an act ended: its answer, or why it failed."""
        now = self._core.clock.now()

        state = ActState.FAILED if fault else ActState.DONE

        def turned(row: ActRow) -> Turn[ActRow]:
            return _moved(replace(row, result=result), state, row.other or row.operator, fault, now)

        return view(await self._core.store.write(lambda tx: ROWS.move(tx, self._core.evidence, key, turned)))

    # ---- one transaction's part

    def _begin(self, tx: Tx, asked: Asked, operator: Operator | None, now: datetime) -> ActRow | None:
        act, checked = ACTS[asked.act], filled(posts(tx))
        if operator is None and checked:
            raise NotPermitted(
                f"three operators check each other here: the owner may not {act.en}",
                "penstock exchange --as KEY, as the " + " or the ".join(sorted(act.by)) + " operator",
            )
        if operator is not None and (why := refusal(act, operator.post)):
            raise NotPermitted(why)
        if operator is None:
            return None
        waits = checked and act.assent is not None
        if waits and len(tx.find(ActRow, "state = ?", (ActState.WAITING,))) >= WAITING_ACTS_MAX:
            raise Conflict(f"{WAITING_ACTS_MAX} acts wait for assent", "penstock exchange pending")
        row = ActRow(
            id=secrets.token_hex(ID_BYTES),
            act=asked.act,
            operator=operator.name,
            post=operator.post,
            handler=asked.handler,
            path=dict(asked.path),
            body=asked.body,
            state=ActState.WAITING if waits else ActState.ASSENTED,
            other="",
            reason="",
            result=None,
            until=now + timedelta(days=ASSENT_DAYS),
            created=now,
            updated=now,
        )
        return ROWS.keep(tx, self._core.evidence, None, Turn(row, operator.name))

    async def _lapse(self) -> None:
        """End what waited too long, before anybody is shown it."""

        def turned(row: ActRow, now: datetime) -> Turn[ActRow]:
            return _moved(row, ActState.LAPSED, self._core.identity.did, f"no assent in {ASSENT_DAYS} days", now)

        await ROWS.end(self._core, (ActState.WAITING,), turned, WAITING_ACTS_MAX)


def _check(row: ActRow, operator: Operator, states: tuple[ActState, ...]) -> None:
    """Raise unless an act is in one of these states and the operator is who assents to it."""
    if row.state not in states:
        raise Conflict(f"the act `{row.id}` is {row.state}", "penstock exchange pending")
    act = ACTS[row.act]
    if operator.name == row.operator or operator.post is not act.assent:
        raise NotPermitted(f"to {act.en} waits for the assent of the {_assenting(act)} operator, and of nobody else")


def _moved(row: ActRow, state: ActState, by: str, reason: str, now: datetime) -> Turn[ActRow]:
    return Turn(replace(row, state=state, reason=reason, updated=now), by, reason)


def view(row: ActRow) -> JsonObject:
    """Return what operators see of an act."""
    act = ACTS[row.act]
    told = {name: getattr(row, name) for name in SHOWN}
    times = {"since": row.created.isoformat(timespec="seconds"), "until": row.until.isoformat(timespec="seconds")}
    return told | times | {"awaits": _assenting(act), "en": act.en, "zh": act.zh, "result": row.result}


def _assenting(act: Act) -> str:
    return Post(act.assent).value if act.assent else ""
