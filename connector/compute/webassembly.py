"""WebAssembly that a stranger has written, run on one block of rows after the other; each in a machine of its own.

    memory                                            its memory
    place(bytes) → address                            where so many bytes may be written
    run(parameters, rows, count, told)                addresses, and how many rows: writes what it tells

Everything in memory are doubles: the parameters; the rows, one column after the other; and what is told. A cell that is
empty, or no number, is NaN.

Law: (1) a module has nothing to speak through: a function that it imports is a trap. (2) Nothing is left of one block
when the next begins: memory, globals and instance are new. (3) A block that fails, by a trap, its time, its fuel or its
memory, tells nothing, and nothing else changes by it; why it failed is for whoever runs it at home.
"""

from __future__ import annotations

import os
import struct
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from connector.compute.statement import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# filled or copied at once, which nothing interrupts, in some milliseconds
MEMORY_BYTES_MAX: Final = 32 << 20
# of a program that somebody reviewed, which has all rows at once: 30 million numbers; filled in a tenth of a second
REVIEWED_MEMORY_BYTES_MAX: Final = 256 << 20
# instructions a second, so few that a machine of today has done them in half of it: a program ends the same everywhere
FUEL_A_SECOND: Final = 200_000_000
STACK_BYTES_MAX: Final = 256 << 10
TABLE_ELEMENTS_MAX: Final = 65_536
BINARY: Final = b"\0asm"  # what else there is, is its text form
DOUBLE: Final = struct.Struct("<d")
# a module of half a MiB can be written so that it is compiled for minutes; an honest one is in a tenth of a second
COMPILE_SECONDS: Final = 5.0
# a block may begin in the middle of the first of so many slices
SLICES: Final = 2
_EXPORTS: Final = {"place": (["i32"], ["i32"]), "run": (["i32"] * 4, [])}


class Machine:
    """What a module is run by; made before a process is confined, which may not bring it in later."""

    def __init__(self) -> None:
        import wasmtime  # noqa: PLC0415  # of the extra `programs`, and brought in before the process is confined

        self._wasmtime: Any = wasmtime
        config = wasmtime.Config()
        config.consume_fuel = True
        config.epoch_interruption = True
        config.parallel_compilation = False
        config.memory_init_cow = False  # it would need a file, and a confined process has none
        config.max_wasm_stack = STACK_BYTES_MAX
        for extension in ("wasm_threads", "wasm_memory64", "wasm_multi_memory", "wasm_relaxed_simd"):
            setattr(config, extension, False)
        self._engine = wasmtime.Engine(config)
        wasmtime.Module(self._engine, "(module)")
        # why the last block that failed did
        self.fault = ""

    def module(self, code: bytes) -> Any:
        """Return a module, compiled and linked to nothing; raises `Refused` for what is none, or needs others.

        The process ends where that takes longer than COMPILE_SECONDS.
        """
        late = threading.Timer(COMPILE_SECONDS, os._exit, (1,))  # nothing else ends a compiler
        late.daemon = True
        late.start()
        try:
            found = self._wasmtime.Module(self._engine, code if code.startswith(BINARY) else code.decode())
        except (self._wasmtime.WasmtimeError, UnicodeDecodeError) as fault:
            raise Refused("program", f"it is no WebAssembly: {str(fault).partition(chr(10))[0]:.200}") from fault
        finally:
            late.cancel()
        if odd := next((one for one in found.imports if not isinstance(one.type, self._wasmtime.FuncType)), None):
            raise Refused(
                "program", f"it imports `{odd.module}.{odd.name}`, which is no function: nothing is here"[:300]
            )
        told: dict[str, Any] = {one.name: one.type for one in found.exports}
        if not isinstance(told.get("memory"), self._wasmtime.MemoryType):
            raise Refused("program", "it exports no `memory`")
        for name, shape in _EXPORTS.items():
            kind: Any = told.get(name)
            is_function = isinstance(kind, self._wasmtime.FuncType)
            if not is_function or (list(map(str, kind.params)), list(map(str, kind.results))) != shape:
                words = f"{name}({', '.join(shape[0])}){' -> ' + shape[1][0] if shape[1] else ''}"
                raise Refused("program", f"it exports no function `{words}`")
        linker = self._wasmtime.Linker(self._engine)
        linker.define_unknown_imports_as_traps(found)
        return linker.instantiate_pre(found)

    @contextmanager
    def ticking(self, seconds: float) -> Iterator[None]:
        """Let time pass in slices of so many seconds for what runs."""
        over = threading.Event()

        def tick() -> None:
            while not over.wait(seconds):
                self._engine.increment_epoch()

        ticking = threading.Thread(target=tick, daemon=True)
        ticking.start()
        try:
            yield
        finally:
            over.set()
            ticking.join()

    def run(
        self,
        module: Any,
        parameters: Sequence[float],
        columns: Sequence[memoryview[float]],
        rows: int,
        told: int,
        fuel: int,
        memory_bytes: int = MEMORY_BYTES_MAX,
    ) -> list[float] | None:
        """Return what it tells of some rows, whose columns are doubles; None where it failed."""
        store = self._wasmtime.Store(self._engine)
        try:
            store.set_limits(memory_bytes, TABLE_ELEMENTS_MAX, instances=1, tables=4, memories=1)
            store.set_fuel(fuel)
            store.set_epoch_deadline(SLICES)
            return self._told(store, module, parameters, columns, rows, told)
        except (self._wasmtime.Trap, self._wasmtime.WasmtimeError, IndexError) as fault:
            self.fault = str(fault).strip().rpartition("\n")[2].strip()
            return None
        finally:
            store.close()

    def _told(
        self,
        store: Any,
        module: Any,
        parameters: Sequence[float],
        columns: Sequence[memoryview[float]],
        rows: int,
        told: int,
    ) -> list[float]:
        ours = module.instantiate(store).exports(store)
        memory, width = ours["memory"], DOUBLE.size
        sizes = (len(parameters) * width, len(columns) * rows * width, told * width)
        at = ours["place"](store, sum(sizes)) & 0xFFFFFFFF
        to = (at, at + sizes[0], at + sizes[0] + sizes[1])
        if to[2] + sizes[2] > memory.data_len(store):
            raise IndexError("`place` gave an address beyond its memory")
        memory.write(store, struct.pack(f"<{len(parameters)}d", *parameters), to[0])
        for number, column in enumerate(columns):
            memory.write(store, column, to[1] + number * rows * width)
        ours["run"](store, to[0], to[1], rows, to[2])
        return [one for (one,) in DOUBLE.iter_unpack(memory.read(store, to[2], to[2] + sizes[2]))]
