"""Accounts of ours that were: what was agreed and opened under one goes on under it, until it is at its end.

    keys/agreement.former    a key a line, the newest first: its secret (64 hex digits), and until when it was ours

Law: a key stands here before the next one takes its place, and stays: a channel is paid, claimed and closed by the
account that it names, and what it gives back comes there (decision 0308).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Final

from connector.runtime import files, private_file
from connector.runtime.errors import Conflict, SettingsError
from contracts import signature
from ledger.space.accounts import FORMER_ACCOUNTS_MAX, FormerAccount

if TYPE_CHECKING:
    from pathlib import Path

FILE: Final = "agreement.former"
SECRET_BYTES: Final = 32


@dataclass(frozen=True)
class FormerAccountKey:
    """A secret (32 bytes) that was our account's `until` then."""

    secret: bytes = field(repr=False)
    until: datetime

    @cached_property
    def address(self) -> bytes:
        """The account: 20 bytes."""
        return signature.address(self.secret)

    @property
    def told(self) -> FormerAccount:
        """Return what others are told of it."""
        return FormerAccount(self.address, self.until)

    def line(self) -> bytes:
        """Return it as the file has it."""
        return f"{self.secret.hex()} {self.until.isoformat(timespec='seconds')}\n".encode()


def read(folder: Path) -> tuple[FormerAccountKey, ...]:
    """Return the former accounts, the newest first; raises SettingsError for a file that is damaged."""
    path = folder / FILE
    try:
        found = tuple(map(_read, private_file.read(path).decode("ascii").splitlines()))
    except FileNotFoundError:
        return ()
    except (ValueError, TypeError) as error:
        raise SettingsError(f"the file `{path}` is damaged", "restore it from a back-up of the keys") from error
    if len(found) > FORMER_ACCOUNTS_MAX:
        raise SettingsError(f"the file `{path}` has more than {FORMER_ACCOUNTS_MAX} keys", "restore it from a back-up")
    return found


def require_room(folder: Path) -> None:
    """Raise Conflict where no further account can follow the present one."""
    if len(read(folder)) >= FORMER_ACCOUNTS_MAX:
        text = f"the account was replaced {FORMER_ACCOUNTS_MAX} times, and the space keeps each former one"
        raise Conflict(text, "leave and join anew under another DID (docs/keys.md)")


def add(folder: Path, one: FormerAccountKey) -> None:
    """Keep an account that is to be followed; durable on return, and no matter how often it is said."""
    kept = [one, *(other for other in read(folder) if other.secret != one.secret)]
    files.write_atomic(folder / FILE, b"".join(each.line() for each in kept))


def _read(line: str) -> FormerAccountKey:
    secret, until = line.split()
    made = FormerAccountKey(bytes.fromhex(secret), datetime.fromisoformat(until))
    if len(made.secret) != SECRET_BYTES or made.until.tzinfo is None:
        raise ValueError("no former account")
    return made
