"""The engines that a provider's settings name: which file each is, and which Python runs it.

Law: what is run are the bytes whose digest was looked at, read once.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from connector.compute.program import digest_of
from connector.runtime.errors import InvalidInput, NotPermitted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from contracts.engine import Engine

FILE_BYTES_MAX: Final = 256 << 10
_HINT: Final = "`compute.engines` in penstock.toml names each: NAME PYTHON FILE"


@dataclass(frozen=True, slots=True)
class Installed:
    """An engine of ours: its name, the Python that runs it, and its file."""

    name: str
    python: str
    file: Path

    def source(self) -> bytes:
        """Return the bytes of its file (blocking); raises InvalidInput."""
        try:
            size = self.file.stat().st_size
            if not 0 < size <= FILE_BYTES_MAX:
                text = f"the file of the engine `{self.name}` has {size} bytes"
                raise InvalidInput(text, f"at most {FILE_BYTES_MAX >> 10} KiB: what it needs is installed beside it")
            return self.file.read_bytes()
        except OSError as fault:
            text = f"the file of the engine `{self.name}` cannot be read: {fault.strerror}"
            raise InvalidInput(text, _HINT) from fault

    def agreed(self, engine: Engine) -> bytes:
        """Return the bytes of its file (blocking); raises NotPermitted unless they are what was agreed on."""
        source = self.source()
        if digest_of(source) != engine.digest:
            raise NotPermitted(
                f"the engine `{self.name}` is another one than was agreed on",
                "ask its provider: its next edition names the new one",
            )
        return source


def of(lines: Sequence[str], name: str) -> Installed:
    """Return the engine of a name, of what the setting `compute.engines` says; raises InvalidInput."""
    known = {one: Installed(one, python, Path(file)) for one, python, file in map(str.split, lines)}
    if name not in known:
        there = f"it knows {', '.join(known)}" if known else _HINT
        raise InvalidInput(f"its provider has no engine `{name[:60]}`", there)
    return known[name]
