"""One sitting of the reader process, seen from the connector: begun with a statement, handed what it asks for, ended.

    with Sitting(statement, …) as sitting:    the process runs, and nothing of the data is in it
        sitting.ask(files)                    which files it asks for; a bad statement is refused here, uncounted
        sitting.answer(reader)                what the statement says of them, opened into memory that only it sees

Law: (1) a file is opened only when the statement asks for it, and only the pieces that were bought or agreed.
(2) `cut` may come from another thread at any moment: the process is gone within it, and `answer` says so.
"""

from __future__ import annotations

import fcntl
import os
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final, Self

from connector.compute import frames
from connector.compute.content import KINDS
from connector.compute.reader_process import MAX_ANSWER_BYTES, OPENED
from connector.compute.statement import MAX_STATEMENT_CHARS
from connector.compute.waiting import start
from connector.runtime.errors import InvalidInput, NotPermitted, SettingsError

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterable, Mapping, Sequence

    from connector.compute.waiting import Waiting
    from connector.custody.reader import Reader
    from ledger.edition.index import IndexedFile

# of one sitting: plain bytes that may be in memory for it, files, seconds
MAX_PLAIN_BYTES: Final = 1 << 30
MAX_FILES: Final = 128
SECONDS_MAX: Final = 300
SECONDS: Final = 60
START_SECONDS: Final = 60
THREADS: Final = 2
# refusals of the process → what to do
HINTS: Final[Mapping[str, str]] = {
    "statement": "one SELECT over the tables of this edition",
    "table": "name one of its tables",
    "function": "ask over the tables of this edition alone",
    "answer": "ask for less: fewer columns, LIMIT, or an aggregate",
    "memory": "ask for fewer columns or files",
    "engine": "look at the columns: `describe TABLE`",
}
SPENT: Final = "it takes more CPU seconds than its buyer said at most"
WITHOUT: Final = "statements are answered by DuckDB, which is not installed here"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a statement found: `stream` is an Arrow stream of so many `rows`; `confined` says what held its process."""

    rows: int
    stream: bytearray = field(repr=False)
    tables: tuple[str, ...]
    confined: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Handed:
    """A file that the process is handed: under which names it is a table, and of which columns, where not of all."""

    names: Sequence[str]
    file: IndexedFile
    reader: Reader
    columns: Sequence[str] = ()


class Sitting:
    """A reader process and the line to it; `cut` from any thread, the rest from one."""

    hints = HINTS
    seconds_max = SECONDS_MAX

    def __init__(
        self, statement: str, seconds: int = SECONDS, mode: str = OPENED, waiting: Waiting | None = None
    ) -> None:
        """Check what is asked for; nothing runs yet. Raises InvalidInput, SettingsError.

        With `waiting` the process that waits there is taken, and another one waits afterwards.
        """
        if not 0 < len(statement) <= MAX_STATEMENT_CHARS:
            raise InvalidInput(f"a statement has 1 to {MAX_STATEMENT_CHARS} characters")
        if not 0 < seconds <= self.seconds_max:
            raise InvalidInput(f"a statement is given 1 to {self.seconds_max} seconds")
        if find_spec("duckdb") is None or find_spec("pyarrow") is None:
            raise SettingsError(WITHOUT, "pip install 'penstock[query]' for the connector")
        self.statement, self._seconds = statement, seconds
        self._asked: list[IndexedFile] = []
        self._tables: tuple[str, ...] = ()
        self._confined: tuple[str, ...] = ()
        self._why, self._lock = "", threading.Lock()
        self._mode, self._waiting = mode, waiting
        self._process: subprocess.Popen[bytes] | None = None
        self._began = 0.0

    def __enter__(self) -> Self:
        """Take or start the process; `ask` waits until it is ready, some tenths of a second where it was started."""
        started = start(self._mode) if self._waiting is None else self._waiting.take(self._mode)
        self._process, self._line = started.process, started.line
        self._line.settimeout(START_SECONDS)
        self._began = time.monotonic()
        return self

    def __exit__(self, *_error: object) -> None:
        """End the process."""
        self._kill()
        self._line.close()
        if self._waiting is not None:
            self._waiting.fill(self._mode)

    @property
    def seconds(self) -> float:
        """How long the process has run."""
        return time.monotonic() - self._began

    def cut(self, why: str) -> None:
        """End it at once, because a rule holds no more; safe from another thread, and again."""
        with self._lock:
            self._why = self._why or why
        self._kill()

    @property
    def asked(self) -> list[IndexedFile]:
        """The files that the statement asks for, once they were looked at."""
        return self._asked

    def ask(self, files: Sequence[IndexedFile] | None) -> None:
        """Have the statement looked at over these files' names, or (None) by its form; raises InvalidInput.

        NotPermitted once it was cut.
        """
        named = names_of(files or ())
        self._look(None if files is None else sorted(named))
        self._ask_for({named[name].name: named[name] for name in self._tables}.values())

    def answer(self, reader: Reader, columns: Sequence[str] = ()) -> Answer:
        """Open what it asks for, and return what it answers; raises InvalidInput, NotPermitted, OpeningError.

        `columns` are the licensed ones, where not all are.
        """
        named = names_of(reader.files())
        alike = [[name for name, one in named.items() if one.name == file.name] for file in self._asked]
        return self._answer(
            [Handed(names, one, reader, columns) for names, one in zip(alike, self._asked, strict=True)]
        )

    def _look(self, tables: Sequence[str] | None) -> None:
        """Have the statement looked at over tables of these names, or (None) by its form."""
        told = {"statement": self.statement, "tables": tables, "seconds": self._seconds, "threads": THREADS}
        found = self._said(told, (), START_SECONDS)
        self._confined = tuple(map(str, found["confined"]))
        self._tables = tuple(name for name in found["tables"] if name in (tables or ()))

    def _ask_for(self, files: Iterable[IndexedFile]) -> None:
        self._asked = list(files)
        size = sum(file.size for file in self._asked)
        if size > MAX_PLAIN_BYTES or len(self._asked) > MAX_FILES:
            text = f"it asks for {len(self._asked)} files of {size} bytes together"
            raise InvalidInput(text, f"at most {MAX_FILES} files and {MAX_PLAIN_BYTES >> 20} MiB for one statement")

    def _answer(self, handed: Iterable[Handed]) -> Answer:
        numbers: list[int] = []
        try:
            told = []
            for one in handed:
                numbers.append(in_memory(one.file.size, one.reader.placed(one.file)))
                told.append({"names": one.names, "kind": kind_of(one.file.name), "columns": list(one.columns)})
            head = self._said({"files": told}, tuple(numbers), self._seconds)
        finally:
            for number in numbers:
                os.close(number)
        rows, size = int(head["rows"]), int(head["bytes"])
        if not 0 <= size <= 2 * MAX_ANSWER_BYTES:
            raise InvalidInput("the answer is larger than it may be", HINTS["answer"])
        try:
            stream = frames.take(self._line, size)
        except (EOFError, OSError) as fault:
            raise self._over() from fault
        return Answer(rows, stream, self._tables, self._confined, self.seconds)

    def _said(self, told: dict[str, Any], files: tuple[int, ...], within_seconds: int) -> dict[str, Any]:
        try:
            self._line.settimeout(within_seconds)
            frames.send(self._line, told, files)
            found, _ = frames.receive(self._line)
        except (EOFError, OSError, ValueError) as fault:
            raise self._over() from fault
        if "refused" in found:
            code = str(found["refused"])
            hint = self.hints.get(code, "")
            if code == "table" and "tables" in told:
                names = told.get("tables") or ()
                hint += f": {', '.join(names[:10]) or 'files that are ' + ', '.join(KINDS)}"
            raise InvalidInput(f"the statement is not answered: {found.get('text', '')!s:.300}", hint)
        return found

    def _over(self) -> Exception:
        """Return why there is no process any more."""
        with self._lock:
            if self._why:
                return NotPermitted(f"the reading was cut: {self._why}")
        if self._process is not None and self._process.wait() == -signal.SIGPROF:
            return InvalidInput(SPENT, "ask again under the same id with more: nothing is paid")
        words = f"the reader process gave no answer: it is ended after {self._seconds} seconds, or out of memory"
        return InvalidInput(words, HINTS["answer"])

    def _kill(self) -> None:
        process = self._process
        if process is not None and process.poll() is None:
            process.kill()
            process.wait()


def kind_of(name: str) -> str:
    """Return of what kind of table a file is, by the end of its name; empty for what is none."""
    kind = PurePosixPath(name).suffix.lower().lstrip(".")
    return kind if kind in KINDS else ""


def names_of(files: Sequence[IndexedFile]) -> dict[str, IndexedFile]:
    """Return under which names files are tables: their own, and without folder and ending where that is one alone."""
    tables = [file for file in files if kind_of(file.name)]
    stems = Counter(PurePosixPath(file.name).stem for file in tables)
    short = {PurePosixPath(file.name).stem: file for file in tables if stems[PurePosixPath(file.name).stem] == 1}
    return {**short, **{file.name: file for file in tables}}


def in_memory(size: int, placed: Iterable[tuple[int, bytes | memoryview]]) -> int:
    """Return a file in memory alone that holds these bytes, each at its place, and is never written again."""
    handle = os.memfd_create("opened", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        os.truncate(handle, size)
        for at, piece in placed:
            os.pwrite(handle, piece, at)
        seals = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL
        fcntl.fcntl(handle, fcntl.F_ADD_SEALS, seals)
    except BaseException:
        os.close(handle)
        raise
    return handle
