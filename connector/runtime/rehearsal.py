"""A rehearsal: an act of the owner, taken up to the first step that leaves a trace, which is told instead.

Law:
1. The doors are asked, not the acts: the store keeps nothing of an act in a rehearsal, the doors outward and to the
   file system open for reading alone. An act that goes through other doors must not be rehearsed
   (`connector.api.rehearsals.ACTS`).
2. What an act says to the log, the chain and its peers in one transaction is one step, told whole. What follows depends
   on answers that a rehearsal does not ask for, and is not told.
3. Nothing is signed in it: where an act signs, its steps show a blank (`connector.identity.identity.BLANK`).
4. A rehearsal ends with its request: whatever was begun in it and lives longer is in earnest from then on.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Act = TypeVar("Act")  # what an act of the store is handed: a transaction
# what leaves a trace
RECORD, CHAIN, SEND, WRITE, PAY, ASK = "record", "chain", "send", "write", "pay", "ask"


EXACT_MAX = 2**53  # whole numbers that every reader of JSON keeps


class Rehearsed(BaseException):  # said in a sentence; no fault, so nobody's `except Exception` takes it
    """The step that leaves a trace was reached, and not taken."""


class RolledBack(BaseException):
    """An act of the store that leaves no trace by itself: its result, and nothing of it is kept."""

    def __init__(self, result: Any) -> None:
        super().__init__()
        self.result = result


@dataclass(slots=True)
class Rehearsal:
    """What would be done, in order, each with `step`, `what`, `about` and `content`."""

    steps: list[dict[str, Any]] = field(default_factory=list)
    over: bool = False

    def note(self, step: str, what: str, about: str, content: Any) -> None:
        """Note what would be done."""
        self.steps.append({"step": step, "what": what, "about": about, "content": shown(content)})

    def without_commit(self, act: Callable[[Act], Any]) -> Callable[[Act], Any]:
        """Return what does an act of the store, notes what it leaves, and raises so that nothing of it stays."""

        def run(tx: Act) -> Any:
            before, token = len(self.steps), _CURRENT.set(self)
            try:
                result = act(tx)
            finally:
                _CURRENT.reset(token)
            raise Rehearsed if len(self.steps) > before else RolledBack(result)

        return run


_CURRENT: ContextVar[Rehearsal | None] = ContextVar("rehearsal", default=None)


def current() -> Rehearsal | None:
    """Return the rehearsal that the caller is in, None in earnest."""
    found = _CURRENT.get()
    return None if found is None or found.over else found


@contextmanager
def rehearsing() -> Iterator[Rehearsal]:
    """Make what runs inside a rehearsal; it is over with the block."""
    made = Rehearsal()
    token = _CURRENT.set(made)
    try:
        yield made
    finally:
        made.over = True
        _CURRENT.reset(token)


def note(step: str, what: str, about: str, content: Any = None) -> None:
    """Note a step inside an act of the store; in earnest do nothing."""
    if (found := current()) is not None:
        found.note(step, what, about, content)


def refuse(step: str, what: str, about: str, content: Any = None) -> None:
    """Note a step and end the rehearsal there; in earnest do nothing."""
    if (found := current()) is not None:
        found.note(step, what, about, content)
        raise Rehearsed


def shown(value: Any) -> Any:
    """Return a value as JSON: bytes in hex, a whole number as text where JSON's readers would round it."""
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    if value is None or isinstance(value, str | float) or (isinstance(value, int) and abs(value) <= EXACT_MAX):
        return value
    if isinstance(value, dict):
        return {str(name): shown(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [shown(each) for each in value]
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def sent(headers: Mapping[str, str] | None, body: Any) -> Any:
    """Return what of a request is told: its body, the size of one that is no document."""
    kind = dict(headers or {}).get("Content-Type", "")
    return {"bytes": len(body), "type": kind} if isinstance(body, bytes) else body
