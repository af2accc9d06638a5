"""A process that looks at a chain and never writes it: it answers what callers look up and tries what they would run.

`python -m ledger.embedded.onlooker PATH NICENESS`, begun and spoken to by `ledger.embedded.beside`. A frame is the
length of its head (four bytes, big-endian), the length of its body, a head in JSON, and a body.

Law: (1) what is looked up never waits for what is tried: each has its own thread and its own view of the file.
(2) Nothing runs for longer than it was given, and what nobody waits for ends at its next look. (3) It ends with whoever
began it, and holds nothing that is missed: filters that callers left here are made again. (4) It answers or it ends: a
thread that fails takes the process with it, for another is begun at once, and one that is silent is waited for.
"""

from __future__ import annotations

import logging
import os
import queue
import signal
import struct
import sys
import threading
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import orjson

from ledger.embedded import methods, rpc
from ledger.embedded.engine import Engine
from ledger.embedded.errors import RpcError
from ledger.embedded.rpc import Allowance, Kind
from ledger.embedded.store import Store
from ledger.embedded.watch import slowness, watching

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SIZES = struct.Struct(">II")
# a thread that looks something up takes over from one that computes within this time
SWITCH_SECONDS = 0.001
# exit code of what cannot answer
FAILED = 1

_logger = logging.getLogger(__name__)


def frame(head: dict[str, Any], body: bytes = b"") -> bytes:
    """Return a frame."""
    told = orjson.dumps(head)
    return SIZES.pack(len(told), len(body)) + told + body


class Place:
    """One thread with its view of the chain, and what it has to do."""

    def __init__(self, path: Path, tell: Callable[[bytes], None]) -> None:
        self._path, self._tell = path, tell
        self._now = 0
        self._work: queue.SimpleQueue[tuple[dict[str, Any], bytes]] = queue.SimpleQueue()
        self._gone: dict[int, threading.Event] = {}
        threading.Thread(target=self._run, daemon=True).start()

    def put(self, head: dict[str, Any], body: bytes) -> None:
        """Do this after what was put before."""
        self._gone[head["number"]] = threading.Event()
        self._work.put((head, body))

    def drop(self, number: int) -> None:
        """End a piece of work early; one that has ended is no matter."""
        if (gone := self._gone.get(number)) is not None:
            gone.set()

    def _run(self) -> None:
        try:
            self._answer()
        except BaseException:
            _logger.exception("what looks at the chain ends, and is begun anew")
            os._exit(FAILED)

    def _answer(self) -> None:
        engine = Engine(Store.reader(self._path), lambda: self._now)
        while True:
            head, body = self._work.get()
            self._now = head["now"]
            allowance = Allowance(**head["allowance"])
            with watching(allowance.seconds, self._gone[head["number"]]) as watch, engine.store.moment():
                made = _done(engine, head["kind"], orjson.loads(body), allowance)
                allowance.seconds = watch.left() / slowness()
            del self._gone[head["number"]]
            told = {"number": head["number"], "sizes": list(map(len, made)), "allowance": asdict(allowance)}
            self._tell(frame(told, b"".join(made)))


def _done(engine: Engine, kind: str, requests: Sequence[Any], allowance: Allowance) -> list[bytes]:
    """Return the answers; to a request that sends, who signed it (JSON: `sender`), or the answer that refuses it."""
    if kind != Kind.SEND:
        return rpc.answers(engine, requests, allowance)
    [request] = requests
    try:
        sender = engine.examine(methods.signed(rpc.arguments(request)[1][0]))
    except RpcError as error:
        return [rpc.refusal(error, request)]
    except Exception:  # strangers' bytes are executed, and who asked is owed an answer
        _logger.exception("the embedded chain failed on a transaction")
        return [rpc.refusal(RpcError("the chain failed; its log says why"), request)]
    return [orjson.dumps({"sender": sender.hex()})]


def main(path: Path, niceness: int, incoming: BinaryIO, outgoing: BinaryIO) -> None:
    """Answer until nobody asks any more."""
    os.nice(niceness)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who says it at a terminal says it to both
    sys.setswitchinterval(SWITCH_SECONDS)
    slowness()
    speaking = threading.Lock()

    def tell(said: bytes) -> None:
        with speaking:
            outgoing.write(said)
            outgoing.flush()

    looked, tried = Place(path, tell), Place(path, tell)
    while sizes := incoming.read(SIZES.size):
        head_bytes, body_bytes = SIZES.unpack(sizes)
        head, body = orjson.loads(incoming.read(head_bytes)), incoming.read(body_bytes)
        if "drop" in head:
            looked.drop(head["drop"])
            tried.drop(head["drop"])
        else:
            (looked if head["kind"] == Kind.LOOK else tried).put(head, body)
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.stdin.buffer, sys.stdout.buffer)
