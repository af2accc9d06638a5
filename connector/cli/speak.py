"""How a verb ends: its answer on stdout, its talk on stderr, its exit code from the one table."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import typer

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator, Sequence
    from pathlib import Path

    from connector.runtime.errors import Failure

T = TypeVar("T")

# file of the operator's key with which this command acts, if one was named
ACTING: list[Path] = []

# step of a rehearsal (connector.runtime.rehearsal) → what it is
STEPS = {
    "record": "record {what} of {about} in the log",
    "chain": "call {what} ({about}) on the chain",
    "send": "send {what} to {about}",
    "write": "write a {what}: {about}",
    "pay": "pay {what} for an answer of {about}",
    "ask": "ask {about}: {what}",
}
# what the system says of a place that does not exist, is another thing, or is not ours
MISPLACED = frozenset(
    {
        errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.EACCES, errno.EPERM, errno.EROFS, errno.ELOOP,
        errno.ENAMETOOLONG,
    }
)  # fmt: skip
_REST_AWAY = "\x1b[K"  # of the longer line before


def finish(work: Coroutine[Any, Any, T], *, as_json: bool) -> T:
    """Run `work`; on a fault say what, whose fault and what to do, and exit with its code."""
    import asyncio  # noqa: PLC0415  # a page of help needs no event loop

    with ending(as_json=as_json):
        return asyncio.run(work)


@contextmanager
def ending(*, as_json: bool) -> Iterator[None]:
    """End a verb whose work fails: say what, whose fault and what to do, and exit with its code."""
    try:
        yield
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except typer.Exit:
        raise
    except Exception as fault:  # noqa: BLE001  # the one place where a verb's fault becomes an exit code
        fail(fault, as_json=as_json)


def fail(fault: Exception, *, as_json: bool) -> NoReturn:
    """Say what went wrong, whose fault it is and what to do, and exit with its code of the one table."""
    from connector.runtime.errors import explain_failure  # noqa: PLC0415  # loaded when a verb runs
    from connector.runtime.fault_table import UNEXPECTED  # noqa: PLC0415  # loaded when a verb runs

    failure = explain_failure(_misplaced(fault) or fault)
    complain(failure, as_json=as_json)
    if failure.code == UNEXPECTED.code and getattr(fault, "failure", None) is None:
        # it came up in this very command, which keeps no log: whoever mends it needs the place; its words may hold data
        talk("".join(traceback.format_tb(fault.__traceback__)).rstrip())
    if request := getattr(fault, "request", ""):
        talk(f"  request {request}; `penstock admin trace` shows its way")
    raise typer.Exit(failure.exit_code) from fault


def _misplaced(fault: Exception) -> Exception | None:
    """Return what to say where a path that this command was given leads nowhere: that is no disk that failed."""
    if not isinstance(fault, OSError) or fault.errno not in MISPLACED or not fault.filename or not fault.strerror:
        return None
    from connector.runtime.errors import InvalidInput  # noqa: PLC0415  # loaded when it is needed

    text = f"`{fault.filename}` cannot be used: {fault.strerror.lower()}"
    return InvalidInput(text, "name a place that is there and that is yours to use")


def ask(data: Path, method: str, path: str, body: Any = None, *, as_json: bool, dry_run: bool = False) -> Any:
    """Put one question to the server of `data` and return its answer; a fault ends the verb as in `finish`.

    An act of an operator that waits for another's assent ends it, too, with the word how to go on; and so does one that
    is only rehearsed, with what it would do.
    """
    from connector.client import question  # noqa: PLC0415  # loaded when a verb runs

    rehearsed = dry_run and method == "POST"
    if rehearsed:
        path, body = "rehearsals", {"path": path, "body": body}
    with ending(as_json=as_json):
        found = question.ask(data, ACTING[-1] if ACTING else None, method, path, body)
    if rehearsed:
        answer(found, _steps(found["steps"]), as_json=as_json)
        raise typer.Exit(0)
    if isinstance(found, dict) and "awaits" in found and "state" not in found:
        waits = f"to {found['en']} waits until {found['until']} for the {found['awaits']} operator"
        answer(found, [waits, f"next: penstock exchange --as KEY assent {found['id']}"], as_json=as_json)
        raise typer.Exit(0)
    return found


def _steps(steps: Sequence[dict[str, Any]]) -> list[str]:
    """Return what a rehearsal found, a line for each thing that would be done."""
    import orjson  # noqa: PLC0415  # loaded when a verb runs

    lines = []
    for step in steps:
        content = "" if step["content"] is None else ": " + orjson.dumps(step["content"]).decode()
        lines.append(f"would {STEPS[step['step']].format(**step)}{content}")
    return [*(lines or ["it would leave no trace"]), "nothing was done; the same without --dry-run does it"]


def complain(failure: Failure, *, as_json: bool) -> None:
    """Say what went wrong: for people on stderr, as one object on stdout if that was asked for."""
    if as_json:
        _print(failure.as_json())
    if watched():
        flash("")  # a line of progress may stand there
    talk(f"penstock: {failure.text}")
    if failure.hint:
        talk(f"  try: {failure.hint}")


def answer(value: Any, lines: Sequence[str], *, as_json: bool) -> None:
    """Print `value` as one JSON object, or `lines` for a person."""
    if as_json:
        _print(value)
    else:
        sys.stdout.write("".join(line + "\n" for line in lines))
        sys.stdout.flush()


def talk(line: str) -> None:
    """Progress and remarks: always stderr, so that stdout stays an answer.

    Where stderr is a file on a full disk, or nobody reads it any more, nothing is said, and all else goes on.
    """
    with suppress(OSError):
        sys.stderr.write(line + "\n")
        sys.stderr.flush()


def pour(chunk: bytes) -> None:
    """Write bytes to stdout; raises ReaderGone when nobody reads them any more."""
    out: Any = sys.stdout.buffer
    unbuffered = getattr(out, "raw", out)  # nothing is left to be tried again at the end
    rest = memoryview(chunk)
    try:
        while rest:
            rest = rest[unbuffered.write(rest) :]
    except BrokenPipeError as error:
        from connector.runtime.errors import ReaderGone  # noqa: PLC0415  # loaded when a verb runs

        raise ReaderGone("who reads our output has closed it: nothing more is bought", "go on with --id") from error


def watched() -> bool:
    """Say whether somebody sees stderr change: a terminal that can go back in its line, no file."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def flash(line: str) -> None:
    """Show a line of progress that the next one replaces, cut to what can be taken back; only where it is `watched`."""
    end = "\n" if line.endswith("\n") else ""
    room = os.get_terminal_size(sys.stderr.fileno()).columns - 1
    sys.stderr.write("\r" + (line.rstrip("\n")[:room] if room > 0 else line) + _REST_AWAY + end)
    sys.stderr.flush()


def _print(value: Any) -> None:
    import orjson  # noqa: PLC0415  # loaded when a verb runs

    sys.stdout.write(orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode() + "\n")
    sys.stdout.flush()
