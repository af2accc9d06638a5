"""Who writes the space's document: the exchange, from its members, the programs on chain, and its own description."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connector.identity.identity import Identity
    from connector.identity.space.view import SpaceView
    from ledger.chain.programs import Programs

FEE_BPS = 1000  # the exchange's tenth of every sale; shown in the space document and in every offer's split


class SpaceAuthor:
    """Writes the document anew; `label` says what chain it is about, `embedded` or `shared`."""

    def __init__(self, identity: Identity, space: SpaceView, programs: Programs, label: str) -> None:
        self._identity, self._space, self._programs, self._label = identity, space, programs, label

    async def rebuild(self) -> None:
        """Build the space document anew."""
        member, deployment = self._identity.member, self._programs.deployment
        await self._space.rebuild(deployment.json(), member, FEE_BPS, self._label)
