"""Keys of ours that were, as each kind has them: a file with a key a line, the newest first.

Law: a key stands in its file before the next one takes its place, and a file that is damaged, or has more keys than
others would read, is refused whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from connector.runtime import files, private_file
from connector.runtime.errors import Conflict, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FormerKeys(Generic[T]):
    """The file of one kind: how a line of it is read and written, and how many there may be of what, in words.

    `parse` raises ValueError or TypeError for a line that is none; of two that have the same `public` one is kept.
    """

    file: str
    most: int
    what: str
    parse: Callable[[str], T]
    line: Callable[[T], str]
    public: Callable[[T], bytes]

    def read(self, folder: Path) -> tuple[T, ...]:
        """Return the former keys, the newest first; raises SettingsError for a file that is damaged."""
        path, hint = folder / self.file, "restore it from a back-up of the keys"
        try:
            found = tuple(map(self.parse, private_file.read(path).decode("ascii").splitlines()))
        except FileNotFoundError:
            return ()
        except (ValueError, TypeError) as error:
            raise SettingsError(f"the file `{path}` is damaged", hint) from error
        if len(found) > self.most:
            raise SettingsError(f"the file `{path}` is damaged: it has more than {self.most} keys", hint)
        return found

    def write(self, folder: Path, kept: Sequence[T]) -> None:
        """Keep the former keys, durable on return."""
        files.write_atomic(folder / self.file, "".join(f"{self.line(one)}\n" for one in kept).encode())

    def add(self, folder: Path, one: T) -> None:
        """Keep a key that is to be followed; durable on return, and no matter how often it is said."""
        others = (other for other in self.read(folder) if self.public(other) != self.public(one))
        self.write(folder, [one, *others])

    def require_room(self, folder: Path) -> None:
        """Raise Conflict where no further key can follow the present one."""
        if len(self.read(folder)) >= self.most:
            raise self.full()

    def full(self) -> Conflict:
        """Return what is said where one more is too many."""
        text = f"the {self.what} was replaced {self.most} times, and each former one is kept"
        return Conflict(text, "leave and join anew under another DID (docs/keys.md)")
