"""Who does not answer an audit is asked again before anything is said of it.

Law: a finding accuses. A connection that broke, a member that begins again just then and one that asks to come later
are no absence, nor is a chain that refuses a question because it has too much to do; who stayed silent through all
pauses is not waited for once more in the same audit.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from connector.net.outbound import Outbound
from connector.runtime.errors import PeerUnreachable
from ledger.chain.errors import ChainError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from connector.net.outbound import Answer

# a connector that was killed is ready again within these, taken together
PAUSES_SECONDS: Final = (1.0, 3.0, 6.0)

T = TypeVar("T")


class Patience:
    """How often everybody is asked in one audit."""

    def __init__(self) -> None:
        self._silent: set[str] = set()

    async def ask(self, whom: str, question: Callable[[], Awaitable[T]]) -> T:
        """Return the answer to a question put to `whom`; raises what it raised last when nothing came to any."""
        pauses = iter(() if whom in self._silent else PAUSES_SECONDS)
        while True:
            try:
                return await question()
            except (PeerUnreachable, ChainError):
                pause = next(pauses, None)
                if pause is None:
                    self._silent.add(whom)
                    raise
            await asyncio.sleep(pause)


class PatientOutbound(Outbound):
    """The door outward of one audit: who serves a document is known by the origin of its URL."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._patience = Patience()

    async def get(self, url: str, *, headers: Mapping[str, str] | None = None, **options: Any) -> Answer:
        """Ask for a document, again where nothing comes; see `Outbound.request`."""
        origin = "/".join(url.split("/", 3)[:3])
        return await self._patience.ask(origin, partial(super().get, url, headers=headers, **options))
