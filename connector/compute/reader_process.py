"""The reader process: it takes from itself what it does not need, reads what it is handed, and answers one statement.

Started by `connector.compute.waiting` as `python -m …reader_process FD MODE`; what it is told and tells is in
`connector.compute.frames`:

    told    {statement, tables: [name…], seconds, threads}        → {tables: [name…], confined: […]}  or a refusal
            tables is null where they are not known yet; it is told again when they are
            with `attested` it tells its `measurement`, too, and of its answer the `report`; with `measured` that alone
    handed  {files: [{names, kind, columns}…]} and their memory   → {columns, rows}, then an Arrow stream  or a refusal

in the mode `opened`, what was bought; in the others what stays where it is: each is the module of its name, but that
`programmed` is `blocks`, `attached` is `engine.asking`, `sketched` is `sketching`, and `learned` is `learning`. Each
brings in what it needs, and no more.

Law: nothing of the data is here before `confine` has been called, and what is here leaves as the answer alone: an
engine's words about the data (a cell that is no number) are not told, only their kind.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import stat
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, Final

from connector.compute import confinement, frames
from connector.compute.content import Content

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.compute.measurement import Program

    Look = Callable[[Any, dict[str, Any]], dict[str, Any]]
    Give = Callable[[Any, Any, dict[str, Any], list[dict[str, Any]], list[Any]], tuple[dict[str, Any], Any]]

MAX_ANSWER_BYTES: Final = 64 << 20
MAX_ANSWER_ROWS: Final = 1_000_000
ENGINE_BYTES: Final = 1 << 30
BATCH_ROWS: Final = 8_192
SETTINGS: Final[dict[str, str | bool | int | float | list[str]]] = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "temp_directory": "",
    "memory_limit": f"{ENGINE_BYTES}B",
    "threads": "1",
}
# what libraries bring in where it is there, nothing here asks for, and a third of a start goes into
UNNEEDED: Final = ("numpy", "pandas", "pyarrow._s3fs", "pyarrow._azurefs", "pyarrow._gcsfs", "pyarrow._hdfs")
# what an engine says of the statement, not of the data
OF_THE_STATEMENT: Final = ("BinderException", "CatalogException", "ParserException", "SyntaxException")


def main() -> None:
    """Answer one statement; the process ends with it."""
    taken = confinement.leave()
    line, mode = socket.socket(fileno=int(sys.argv[1])), sys.argv[2]
    without: dict[str, Any] = dict.fromkeys(UNNEEDED)
    sys.modules.update(without)  # the libraries do without
    import pyarrow as pa  # noqa: PLC0415  # heavy, and only once the process has left
    import pyarrow.csv  # noqa: PLC0415  # as above
    import pyarrow.json  # noqa: PLC0415  # as above
    import pyarrow.parquet  # noqa: PLC0415  # as above

    from connector.compute.statement import Refused  # noqa: PLC0415  # as above

    pa.enable_signal_handlers(False)  # they would need a pipe; nobody interrupts this process, it is killed
    look, answer = _modes(mode)
    # it looks about the machine as it starts, which it may not afterwards
    engine = None if mode in (COVERED, BUCKETED) else _engine(mode)
    try:
        asked, _ = frames.receive(line)
    except EOFError:  # nobody has asked, and nobody will
        return
    program = _program(mode) if "attested" in asked else None  # before its time is counted
    began = time.process_time()
    try:
        if asked.get("tenths"):  # of CPU seconds: the kernel ends it then, whatever it does
            signal.setitimer(signal.ITIMER_PROF, int(asked["tenths"]) / 10)
        taken += confinement.confine(2 * int(asked["seconds"]))
        measured = {} if program is None else {"measurement": program.measured(taken)}
        threading.Thread(target=_end_with, args=(line.fileno(),), daemon=True).start()
        if engine is not None:
            engine.execute(f"SET threads = {int(asked['threads'])}")
            engine.execute("SET lock_configuration = true")
        if asked.get("measured"):
            frames.send(line, {**measured, "confined": taken})
            return
        handed, files = asked, list[int]()
        while "files" not in handed:
            frames.send(line, {**look(engine, handed), **measured, "confined": taken})
            handed, files = frames.receive(line, confinement.FILES_MAX // 2)
        opened = [_opened(pa, file) for file in files]
        confinement.close_the_door()
        head, told = answer(pa, engine, asked, handed["files"], opened)
        head |= {} if program is None else {"report": _report(asked, told)}
        frames.send(line, {**head, "cpu": time.process_time() - began})
        line.sendall(told)
    except Refused as refusal:
        frames.send(line, {"refused": refusal.code, "text": str(refusal)})
    except MemoryError:
        frames.send(line, {"refused": "memory", "text": "it needs more memory than a reader process has"})
    except Exception as fault:  # noqa: BLE001  # whatever it is, only its kind may be told
        kind = type(fault).__name__
        ours = kind in OF_THE_STATEMENT and mode == OPENED
        said = str(fault).partition("\n")[0] if ours else kind
        frames.send(line, {"refused": "engine", "text": said[:300]})


def _program(mode: str) -> Program:
    from connector.compute import measurement  # noqa: PLC0415  # only who attests needs it, and it has its time here

    return measurement.program(mode)


def _report(asked: dict[str, Any], answer: Any) -> str:
    from connector.compute import measurement  # noqa: PLC0415  # it is here already

    return measurement.report(asked, json.loads(bytes(answer)))


def _opened(pa: Any, file: int) -> Any:
    """Return what was handed over: the bytes of a file in memory, or a line to somebody."""
    if stat.S_ISSOCK(os.fstat(file).st_mode):
        return socket.socket(fileno=file)
    return pa.py_buffer(frames.mapped(file))


def _end_with(line: int) -> None:
    """End this process when nobody is at the other end of its line any more, in the middle of a statement as well."""
    told = select.poll()
    told.register(line, 0)  # that the other end is closed is told unasked
    told.poll()
    os._exit(1)


def _engine(mode: str) -> Any:
    import duckdb  # noqa: PLC0415  # as above

    if mode != GATED:
        return duckdb.connect(":memory:", config=SETTINGS)
    from connector.compute import held_file  # noqa: PLC0415  # as above

    # what it may read is said before it may read nothing
    engine = duckdb.connect(":memory:", config={**SETTINGS, "enable_external_access": "true"})
    held_file.allow(engine)
    return engine


def _answer(
    pa: Any, engine: Any, asked: dict[str, Any], files: list[dict[str, Any]], opened: list[Any]
) -> tuple[dict[str, Any], memoryview]:
    for told, content in zip(files, opened, strict=True):
        rows = Content(pa, told["kind"], content, told["columns"]).table()
        for name in told["names"]:
            engine.register(name, rows)
    return _answered(pa, engine, asked["statement"])


def _modes(mode: str) -> tuple[Look, Give]:
    """Return how it is answered: what looks at what is asked, and what answers it. Nothing is imported afterwards."""
    if mode in (COVERED, BUCKETED, PROGRAMMED, REVIEWED, REHEARSED, ATTACHED, SKETCHED):
        import pyarrow.compute  # noqa: F401, PLC0415  # once the process has left
    if mode in (COVERED, BUCKETED):
        import nacl.bindings  # noqa: PLC0415  # as above

        from connector.compute import bucketed, covered  # noqa: PLC0415  # as above

        return (covered.look, covered.answer) if mode == COVERED else (bucketed.look, bucketed.answer)
    if mode in (NOISED, PROGRAMMED, ATTACHED, SKETCHED, LEARNED):
        from connector.compute import noisy  # noqa: PLC0415  # as above

        noisy.rehearse()
    if mode in (NOISED, SKETCHED):
        from connector.compute import noised, sketching  # noqa: PLC0415  # as above

        return (noised.look, noised.answer) if mode == NOISED else (sketching.look, sketching.answer)
    if mode == LEARNED:
        import nacl.bindings  # noqa: F401, PLC0415  # as above

        from connector.compute import learning  # noqa: PLC0415  # as above

        return learning.look, learning.answer
    if mode == ATTACHED:
        from connector.compute.engine.asking import Asking  # noqa: PLC0415  # as above

        attached = Asking()
        return attached.look, attached.answer
    if mode == GATED:
        from connector.compute import gated  # noqa: PLC0415  # as above

        return gated.look, gated.answer
    return (_look, _answer) if mode == OPENED else _programs(mode)


def _look(engine: Any, asked: dict[str, Any]) -> dict[str, Any]:
    from connector.compute import statement  # noqa: PLC0415  # it is here already

    known = None if asked["tables"] is None else frozenset(asked["tables"])
    return {"tables": statement.tables_of(engine, asked["statement"], known)}


def _programs(mode: str) -> tuple[Look, Give]:
    from connector.compute.blocks import Programs  # noqa: PLC0415  # as above
    from connector.compute.rehearsed import Rehearsal  # noqa: PLC0415  # as above
    from connector.compute.reviewed import Reviewed  # noqa: PLC0415  # as above

    if mode == REHEARSED:
        rehearsal = Rehearsal()
        return rehearsal.look, rehearsal.answer
    runs = Programs() if mode == PROGRAMMED else Reviewed()
    return runs.look, runs.answer


OPENED, GATED, NOISED, COVERED, BUCKETED = "opened", "gated", "noised", "covered", "bucketed"
PROGRAMMED, REHEARSED, SKETCHED, LEARNED = "programmed", "rehearsed", "sketched", "learned"
ATTACHED, REVIEWED = "attached", "reviewed"


def _answered(pa: Any, engine: Any, statement: str) -> tuple[dict[str, Any], memoryview]:
    from connector.compute.statement import Refused  # noqa: PLC0415  # as above

    batches, rows = engine.execute(statement).to_arrow_reader(BATCH_ROWS), 0
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batches.schema) as stream:
        for batch in batches:
            rows += batch.num_rows
            if rows > MAX_ANSWER_ROWS or sink.tell() + batch.nbytes > MAX_ANSWER_BYTES:
                most = f"{MAX_ANSWER_ROWS} rows or {MAX_ANSWER_BYTES >> 20} MiB"
                raise Refused("answer", f"its answer has more than {most}")
            stream.write_batch(batch)
    answer = memoryview(sink.getvalue())
    return {"rows": rows, "bytes": len(answer)}, answer


if __name__ == "__main__":
    main()
