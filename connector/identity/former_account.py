"""Accounts of ours that were: what was agreed and opened under one goes on under it, until it is at its end.

    keys/agreement.former    a key a line, the newest first: its secret (64 hex digits), and until when it was ours

Law: a key stands here before the next one takes its place, and stays: a channel is paid, claimed and closed by the
account that it names, and what it gives back comes there (decision 0308).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Final

from connector.identity.former_keys import FormerKeys
from contracts import signature
from ledger.space.accounts import FORMER_ACCOUNTS_MAX, FormerAccount

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

    def line(self) -> str:
        """Return it as the file has it."""
        return f"{self.secret.hex()} {self.until.isoformat(timespec='seconds')}"


def _read(line: str) -> FormerAccountKey:
    secret, until = line.split()
    made = FormerAccountKey(bytes.fromhex(secret), datetime.fromisoformat(until))
    if len(made.secret) != SECRET_BYTES or made.until.tzinfo is None:
        raise ValueError("no former account")
    return made


KEPT: Final = FormerKeys(FILE, FORMER_ACCOUNTS_MAX, "account", _read, FormerAccountKey.line, lambda one: one.secret)
