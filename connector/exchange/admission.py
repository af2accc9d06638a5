"""Who comes into the space: admitted by the exchange, in the document that all read and in the registry on chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.exchange import membership, registering
from connector.identity.self_description import described
from connector.runtime import rehearsal

if TYPE_CHECKING:
    from connector.chain.transactions import Transactions
    from connector.core.core import Core
    from connector.identity.peers import Peers
    from connector.identity.space.author import SpaceAuthor
    from connector.identity.space.supervision import Supervision
    from connector.identity.space.view import SpaceView
    from connector.store.transaction import Tx
    from ledger.chain.programs import Programs


class Admission:
    """Admits members, as the exchange."""

    def __init__(
        self,
        core: Core,
        space: SpaceView,
        peers: Peers,
        programs: Programs,
        transactions: Transactions,
        author: SpaceAuthor,
        supervision: Supervision,
    ) -> None:
        self._core, self._space, self._peers, self._programs = core, space, peers, programs
        self._transactions, self._author, self._supervision = transactions, author, supervision

    async def admit(self, did: str, *, invited: bool) -> dict[str, str]:
        """Admit a member that has applied, or one that is `invited`; raises Absent, Conflict for another.

        A supervisor's key is known before its own admission is recorded.
        """
        core = self._core
        if not invited:
            await core.store.read(lambda tx: membership.require_applied(tx, did))
        member = await described(self._peers, core.outbound, did)
        membership.refuse_double(member, self._space.last().members.values())
        supervisor = self._space.last().supervisor  # the first regulator: to further ones nobody discloses
        if member.role == "regulator" and supervisor in (None, member) and rehearsal.current() is None:
            self._supervision.disclose_to(member)
        now = core.clock.now()

        def act(tx: Tx) -> dict[str, str]:
            if not invited:
                membership.require_applied(tx, did)
            row = membership.admit(tx, core.evidence, member, core.identity.did, now)
            registering.register(tx, self._transactions, self._programs.deployment, core.identity.did, member)
            return row

        row = await core.store.write(act)
        await self._author.rebuild()
        self._peers.forget(did)  # a member's keys are looked at otherwise than a stranger's
        return row

    async def begin(self) -> None:
        """Write the space and all its members into the registry on chain, once each, and its head, as its exchange."""
        core = self._core
        if "exchange" not in core.identity.roles or core.settings.space.exchange:
            return
        members = [member for member in self._space.last().members.values() if member.did != core.identity.did]
        deployment = self._programs.deployment

        def act(tx: Tx) -> None:
            registering.found(tx, self._transactions, deployment, core.identity.did)
            for member in registering.unregistered(tx, members):
                registering.register(tx, self._transactions, deployment, core.identity.did, member)

        await core.store.write(act)
        await self._author.rebuild()
