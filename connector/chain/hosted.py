"""The embedded chain of an exchange: opened with its rules, and told whose accounts are members'."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.store.connection import unopened

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from connector.runtime.clock import Clock
    from ledger.embedded.chain import EmbeddedChain


@dataclass(frozen=True, slots=True)
class Hosted:
    """The embedded chain of a participant, None for one that hosts none."""

    chain: EmbeddedChain | None = None

    async def expect(self) -> None:
        """Be ready for whoever joins, if there is a chain."""
        if self.chain is not None:
            await self.chain.expect()

    async def close(self) -> None:
        """Close the chain, if there is one."""
        if self.chain is not None:
            await self.chain.close()


async def open_hosted(path: Path, clock: Clock, owned: Callable[[bytes], bool], *, with_bls: bool) -> EmbeddedChain:
    """Open or found the chain at `path`; `with_bls` founds it with the precompiles that aggregates need.

    Accounts of everybody who is or was in the space are members': who was expelled still claims what it earned.
    Raises StoreFailed where the disk refuses it.
    """
    from ledger.embedded.chain import EmbeddedChain  # noqa: PLC0415  # an EVM is loaded only by who hosts one
    from ledger.embedded.rules import PARIS, PARIS_BLS  # noqa: PLC0415  # and its rules

    try:
        opened = await EmbeddedChain.open(path, clock.now, PARIS_BLS if with_bls else PARIS)
    except sqlite3.Error as error:
        raise unopened(path, error) from error
    opened.owned = owned
    return opened
