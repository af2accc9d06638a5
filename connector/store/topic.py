"""One kind of fact, told to everybody who wants to hear it: now, or after the transaction that made it true.

Law: who tells knows nobody who hears. What is told after a transaction is not told if that is rolled back.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Generic, ParamSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.store.transaction import Tx

P = ParamSpec("P")


class Topic(Generic[P]):
    """One kind of fact, with everybody who hears it, in the order in which they said so."""

    __slots__ = ("_hearers",)

    def __init__(self) -> None:
        self._hearers: list[Callable[P, object]] = []

    def heard_by(self, hearer: Callable[P, object]) -> None:
        """Have `hearer` called with what is told from now on."""
        self._hearers.append(hearer)

    def tell(self, *told: P.args, **named: P.kwargs) -> None:
        """Tell everybody now."""
        for hearer in self._hearers:
            hearer(*told, **named)

    def after(self, tx: Tx, *told: P.args, **named: P.kwargs) -> None:
        """Tell everybody when `tx` is committed, and nobody if it is not."""
        for hearer in self._hearers:
            tx.after(partial(hearer, *told, **named))


class Awaited(Topic[P]):
    """A topic whose hearers are awaited, one after the other: who tells goes on when all of them have done theirs."""

    __slots__ = ()

    async def told(self, *told: P.args, **named: P.kwargs) -> None:
        """Tell everybody, and return when they are done."""
        for hearer in self._hearers:
            done = hearer(*told, **named)
            await done  # type: ignore[misc]  # who hears a topic that is awaited is a coroutine function
