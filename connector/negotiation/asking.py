"""A peer asked for its state before a process is given up: what it says, and what follows from that.

Law: (1) a peer is asked when a process would otherwise end for want of an answer, once, by the protocol's GET; asking
changes nothing there. (2) What it says counts only in the protocol's document and with the ids of this process; all
else is no answer. (3) It moves us in the two cases of `verdict` alone, where nothing but the news was missing; in every
other case the process ends as it would have, and its reason tells what was heard.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from connector.negotiation.envelope import PID_OF, pids, short
from connector.negotiation.protocol import messages, states, validation
from connector.negotiation.protocol.states import FINAL, TERMINATED, other

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.negotiation.doors import Ask
    from connector.store.rows.protocol import NegotiationRow, ProcessRow, TransferRow
    from connector.store.store import Store

ASK_SECONDS_MAX = 10.0  # a state is one read of the peer's; who needs longer is as good as away
NOT_FOUND: Final = 404

TAKEN: Final = "taken"  # the peer has our message; only its answer was lost
OVER: Final = "over"  # the peer is at an end of its own; only its message was lost
NOTHING_NEW: Final = ""
ASKED: Final = "asked, the"  # how what we heard begins


@dataclass(frozen=True, slots=True)
class Heard:
    """What a peer said of its state: `state` is empty when it said nothing that counts; `words` are for people.

    `there` is False of a peer that did not answer at all, `known` of one that knows no such process.
    """

    state: str
    words: str
    there: bool = True
    known: bool = True


SILENCE: Final = Heard("", "")


class Asking:
    """Asks the peers of one participant; `rows` names what the rows of each kind of process are."""

    def __init__(self, store: Store, ask: Ask, rows: Mapping[str, type[NegotiationRow | TransferRow]]) -> None:
        self._store = store
        self._ask = ask
        self._rows = rows

    async def about(self, process: str, pid: str) -> Heard:
        """Return what the peer of our process `pid` says; it raises nothing and takes `ASK_SECONDS_MAX` at most."""
        if process not in self._rows:
            return SILENCE  # a notice is no process: it has no state
        row = await self._store.read(lambda tx: tx.get(self._rows[process], id=pid))
        if row is None or row.peer_pid is None:
            return SILENCE  # it never told us its id: there is nothing to ask for
        whom, url = other(row.role), messages.whereabouts(row.callback, process, row.peer_pid)
        try:
            async with asyncio.timeout(ASK_SECONDS_MAX):
                status, reply = await self._ask(row.peer, url)
        except TimeoutError:
            return Heard("", f"{ASKED} {whom} did not answer within {ASK_SECONDS_MAX:g} s", there=False)
        except Exception as error:  # noqa: BLE001  # whatever the way to the peer raises, it is no answer
            words = short(f"{ASKED} {whom} did not answer: {str(error) or type(error).__name__}")
            return Heard("", words, there=False)
        return _read(process, row, status, reply)


def verdict(process: str, row: ProcessRow, said: str) -> str:
    """Return TAKEN, OVER or NOTHING_NEW for a peer that says it is `said`.

    Our word to terminate stands, whatever the peer says.
    """
    state, pending, theirs = row.state, row.pending, other(row.role)
    alone = states.reach(process, state, theirs)
    if pending and (said == pending or said in states.reach(process, pending, theirs) - alone):
        return TAKEN
    if pending != TERMINATED and said in FINAL and said in states.steps(process, state, theirs):
        return OVER
    return NOTHING_NEW


def ended(row: ProcessRow, reply: Any) -> bool:
    """Say whether the answer to a message of ours tells that the peer has ended the process."""
    if not isinstance(reply, dict) or reply.get("state") != TERMINATED:
        return False
    return (reply.get("providerPid"), reply.get("consumerPid")) == pids(row)


def _read(process: str, row: ProcessRow, status: int, reply: Any) -> Heard:
    whom = other(row.role)
    if status == NOT_FOUND:
        return Heard("", f"{ASKED} {whom} knows no such {process}", known=False)
    if not 200 <= status < 300:
        return Heard("", f"{ASKED} {whom} answered {status}")
    if not validation.agrees(messages.ACK_OF[process], reply):
        return Heard("", f"{ASKED} {whom} did not answer with a {process}")
    if (reply[PID_OF[row.role]], reply[PID_OF[whom]]) != (row.id, row.peer_pid):
        return Heard("", f"{ASKED} {whom} answered about another {process}")
    return Heard(reply["state"], f"{ASKED} {whom} says it is `{reply['state']}`")
