"""The contract templates (合约模板) of an exchange: added and withdrawn by its operators, offered to its members.

Law: (1) a template is kept as it was added; what is changed is another one, which says which it supersedes, and the one
before is withdrawn in the same transaction. Of each there is one successor. (2) What is withdrawn is shown, and offered
no longer. (3) Every move is an event of the exchange's log in the same transaction.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from catalog.contract_template import KINDS, Move, State, from_json, identifier, moved, usable
from catalog.document import members, text
from connector.exchange.case import Case, Turn
from connector.runtime import reasons
from connector.runtime.errors import Absent, Conflict, InvalidInput
from connector.runtime.limits import TEMPLATES_MAX
from connector.store.rows.template import ContractTemplateRow
from contracts.canonical import canonical, load

if TYPE_CHECKING:
    from datetime import datetime

    from connector.core.core import Core
    from connector.operation.ndi.ways import Ways
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

TEMPLATES = Case(
    ContractTemplateRow,
    "id",
    "there is no contract template `{}`",
    "penstock template list",
    "template.moved",
    lambda row: {"id": row.id, "supersedes": row.supersedes, "template": row.document},
)
# of who asks over the interface: identifiers as others make them
ISSUER_CHARACTERS_MAX: Final = 256
ASKED: Final = frozenset({"issuerId", "issuerEntityId"})
# of what stands in `expansionItem`
VERSION: Final = 1


class ContractTemplates:
    """The contract templates of this exchange."""

    def __init__(self, core: Core, ways: Ways) -> None:
        self._core, self._parties = core, ways.parties

    async def add(self, key: str, template: JsonObject, who: str, supersedes: str = "") -> JsonObject:
        """Keep a template, and offer it; the same one again changes nothing."""
        identifier(key, "id")
        document = (await asyncio.to_thread(usable, template)).json()
        if supersedes:
            identifier(supersedes, "supersedes")

        def act(tx: Tx) -> ContractTemplateRow:
            told = document, supersedes
            known = TEMPLATES.known(tx, key, "contract template", lambda row: (row.document, row.supersedes) == told)
            if known is not None:
                return known
            if supersedes:
                self._supersede(tx, supersedes, key, who)
            if len(tx.find(ContractTemplateRow, "state = ?", (State.OFFERED,))) >= TEMPLATES_MAX:
                raise Conflict(f"an exchange offers at most {TEMPLATES_MAX} templates", "withdraw one that is not used")
            now = self._core.clock.now()
            row = ContractTemplateRow(
                id=key,
                document=document,
                supersedes=supersedes,
                state=State.OFFERED,
                reason="",
                created=now,
                updated=now,
            )
            return TEMPLATES.keep(tx, self._core.evidence, None, Turn(row, who))

        return await _shown(await self._core.store.write(act))

    async def withdraw(self, key: str, reason: str, who: str) -> JsonObject:
        """Offer a template no longer; it is still shown."""
        reasons.check(reason, "members read it")
        return await _shown(await self._core.store.write(lambda tx: self._withdraw(tx, key, reason, who)))

    async def page(self, first: int, *, withdrawn: bool) -> list[JsonObject]:
        """Return the templates that are offered, or with `withdrawn` all, the newest first."""
        where, what = ("", ()) if withdrawn else ("state = ?", (State.OFFERED,))
        return [line(row) for row in await TEMPLATES.page(self._core, where, what, "created desc, id", first)]

    async def show(self, key: str) -> JsonObject:
        """Return a template with its example in words, whether it is offered or not; raises Absent."""
        return await _shown(await self._core.store.read(lambda tx: TEMPLATES.find(tx, key)))

    async def offered(self, asked: Any, member: str) -> Any:
        """Answer the interface of TC609-6-2025-14: the template of an id, or a list of all that are offered."""
        facts = members(asked, "body", required=ASKED)
        for name in sorted(ASKED):
            if not text(facts[name], name, limit=ISSUER_CHARACTERS_MAX).strip():
                raise InvalidInput(f"`{name}` is empty", "say who asks")
        if await self._parties.holder(str(facts["issuerId"])) != member:
            raise InvalidInput(
                f"`issuerId` is `{facts['issuerId']}`, and the token is of `{member}`", "say your own DID, or code"
            )
        key = facts.get("templateId")
        if key is not None:
            identifier(key, "templateId")

        def read(tx: Tx) -> list[ContractTemplateRow]:
            if key is None:
                return tx.find(ContractTemplateRow, "state = ?", (State.OFFERED,), "created desc, id")
            return [TEMPLATES.find(tx, str(key))]

        rows = await self._core.store.read(read)
        if key is not None and rows[0].state != State.OFFERED:
            raise Absent(f"the contract template `{key}` is withdrawn: {rows[0].reason}", "penstock template list")
        told = await asyncio.to_thread(lambda: [served(row) for row in rows])
        return told if key is None else told[0]

    def _supersede(self, tx: Tx, key: str, by: str, who: str) -> None:
        """Withdraw the template in whose place another is; it may be withdrawn already."""
        row = TEMPLATES.find(tx, key)
        if taken := tx.find(ContractTemplateRow, "supersedes = ?", (key,), limit=1):
            raise Conflict(f"`{key}` is superseded by `{taken[0].id}`", "say that one")
        if row.state == State.OFFERED:
            self._withdraw(tx, key, f"superseded by {by}", who)

    def _withdraw(self, tx: Tx, key: str, reason: str, who: str) -> ContractTemplateRow:
        now = self._core.clock.now()

        def turned(row: ContractTemplateRow) -> Turn[ContractTemplateRow]:
            state = moved(State(row.state), Move.WITHDRAW)
            return Turn(replace(row, state=state, reason=reason, updated=now), who, reason)

        return TEMPLATES.move(tx, self._core.evidence, key, turned)


def line(row: ContractTemplateRow) -> JsonObject:
    """Return what a list says of a template."""
    template = from_json(row.document)
    model, en, zh = KINDS[template.kind]
    return {
        "id": row.id,
        "state": row.state,
        "name": template.name.json(),
        "kind": {"key": template.kind.value, "model": model, "en": en, "zh": zh},
        "rules": list(template.rules),
        "open": [one.name for one in template.parameters],
        "supersedes": row.supersedes,
        "reason": row.reason,
        "added": _time(row.created),
    }


async def _shown(row: ContractTemplateRow) -> JsonObject:
    return await asyncio.to_thread(shown, row)


def shown(row: ContractTemplateRow) -> JsonObject:
    """Return a template whole: as it was added, what is filled in, and its example in words."""
    parameters = [
        {"name": one.name, "en": one.en, "zh": one.zh, "example": one.example, "several": one.several}
        for one in from_json(row.document).parameters
    ]
    _, words = _example(canonical(row.document))
    return {**line(row), "parameters": parameters, "words": words, "template": row.document}


def served(row: ContractTemplateRow) -> JsonObject:
    """Return a template in the field names of TC609-6-2025-14; its names are Chinese, as that text is."""
    template = from_json(row.document)
    strategies, _ = _example(canonical(row.document))
    return {
        "templateId": row.id,
        "contractName": template.name.zh,
        "contractAbstract": template.abstract.zh,
        "contractPolicies": strategies,
        "expansionItem": {"v": VERSION, "supersedes": row.supersedes, "template": row.document},
    }


@lru_cache(maxsize=2 * TEMPLATES_MAX)
def _example(document: bytes) -> tuple[JsonObject, JsonObject]:
    """Return the example of a template as strategies and in words; a kept template never changes."""
    template = from_json(load(document))
    return template.strategies(), template.words()


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
