"""Policy definitions: rules to be named by contract definitions, read and checked when they are written.

Law: what could not be offered and kept here is refused by name before it is stored. A policy without any rule permits
the use, as every server of this interface has it. A duty to `compensate` a `payAmount` is the price, in whole minor
units of the space's currency.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

from connector.negotiation.protocol import offers
from connector.negotiation.protocol.errors import ProtocolError
from connector.operation.management import prefixed, query, shape
from connector.operation.management.names import read
from connector.operation.management.query import Field, Table
from connector.operation.management.shape import Violation, Violations
from connector.operation.management.written import moment, stamped
from connector.provider import rules
from connector.provider.assets import evaluation
from connector.runtime.errors import Absent, Conflict, InvalidInput
from connector.store.rows.management import ContractDefinitionRow, PolicyDefinitionRow
from connector.store.table_row import replace
from policy.amendment import OFFERED
from policy.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.core import Core
    from connector.store.transaction import Tx
    from ledger.chain.programs import Programs

KIND: Final = "PolicyDefinition"
TABLE: Final = Table("policy_definitions", {"id": Field("id"), "createdAt": Field("created", moment)})
OPEN: Final = {"permission": [{"action": "use"}]}
RULES: Final = ("permission", "prohibition", "obligation")


class PolicyDefinitions:
    """The policies that clients of the Management API have written."""

    def __init__(self, core: Core, programs: Programs) -> None:
        self._core, self._currency = core, programs.deployment.currency

    async def create(self, body: Any) -> dict[str, Any]:
        """Keep a policy; raises Violations, Conflict."""
        row = self._row(body)

        def act(tx: Tx) -> None:
            if tx.get(PolicyDefinitionRow, id=row.id) is not None:
                raise Conflict(f"a policy definition `{row.id[:200]}` exists already")
            tx.insert(row)

        await self._core.store.write(act)
        return stamped(row.id, row.created)

    async def change(self, key: str, body: Any) -> None:
        """Write a policy anew; one that contract definitions offer is not changed under them."""
        row = self._row({**body, "@id": key} if isinstance(body, dict) else body)

        def act(tx: Tx) -> None:
            known = found(tx, key)
            if (row.rules, row.price) != (known.rules, known.price):
                _require_free(tx, key, "changed")
            tx.change(known, replace(row, created=known.created))

        await self._core.store.write(act)

    async def delete(self, key: str) -> None:
        """Remove a policy that no contract definition names."""

        def act(tx: Tx) -> None:
            found(tx, key)
            _require_free(tx, key, "removed")
            tx.delete(PolicyDefinitionRow, id=key)

        await self._core.store.write(act)

    async def show(self, key: str) -> dict[str, Any]:
        """Return a policy definition; raises Absent."""
        return view(await self._core.store.read(lambda tx: found(tx, key)))

    async def page(self, spec: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the policy definitions that a query asks for."""
        asked = query.read(spec, TABLE)
        return await self._core.store.read(lambda tx: [view(found(tx, key)) for key in query.ids(tx, TABLE, asked)])

    async def validate(self, key: str) -> dict[str, Any]:
        """Say whether a policy can be kept; what could not was never stored."""
        await self.show(key)
        return {"@type": "PolicyValidationResult", "isValid": True, "errors": []}

    async def plan(self, key: str, body: Any) -> dict[str, Any]:
        """Return how a policy is asked in a scope; raises Absent, Violations."""
        told = read(body, "an evaluation plan request")
        shape.require("PolicyEvaluationPlanRequest", told)
        row = await self._core.store.read(lambda tx: found(tx, key))
        return evaluation.plan(row.rules, told["policyScope"])

    def _row(self, body: Any) -> PolicyDefinitionRow:
        told = read(body, "a policy definition")
        shape.require(KIND, told)
        said, price = offered(told["policy"])
        try:
            rules.require_offerable(said, {"tier": offers.PLAIN}, self._currency)
            rules.require_sought(said, self._core.settings.trust.sought)
        except (PolicyError, InvalidInput) as fault:
            raise Violations([Violation(str(fault), "policy")]) from fault
        return PolicyDefinitionRow(
            id=told.get("@id") or str(uuid.uuid4()),
            written=told["policy"],
            rules=said,
            price=str(price),
            private=told.get("privateProperties") or {},
            created=self._core.clock.now(),
        )


def found(tx: Tx, key: str) -> PolicyDefinitionRow:
    """Return a policy definition; raises Absent."""
    row = tx.get(PolicyDefinitionRow, id=key)
    if row is None:
        raise Absent(f"there is no policy definition `{key[:200]}`")
    return row


def offered(written: Any) -> tuple[dict[str, Any], int]:
    """Return the rules of a policy in the form in which they are offered, and its price in minor units."""
    found = prefixed.tree(written)
    try:
        proposal = offers.read({"@id": "", **{name: found[name] for name in OFFERED if name in found}})
    except ProtocolError as fault:
        raise Violations([Violation(str(fault), "policy")]) from fault
    said = dict(proposal.policy)
    if not any(said.get(name) for name in RULES):
        said |= OPEN
    return said, proposal.price or 0


def view(row: PolicyDefinitionRow) -> dict[str, Any]:
    """Return a policy definition as its client wrote it, every word with its prefix."""
    private = {"privateProperties": row.private} if row.private else {}
    return {
        "@type": KIND,
        **stamped(row.id, row.created, KIND),
        "policy": prefixed.policy(prefixed.tree(row.written)),
    } | private


def _require_free(tx: Tx, key: str, what: str) -> None:
    using = tx.find(ContractDefinitionRow, "access = ? or contract = ?", (key, key), limit=1)
    if using:
        text = f"the contract definition `{using[0].id[:200]}` names the policy `{key[:200]}`"
        raise Conflict(f"{text}: it is not {what} under it", "remove that one first, or name another policy there")
