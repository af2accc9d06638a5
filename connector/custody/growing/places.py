"""Where a growing source may be, as a table: how its address begins, and what reads it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from connector.custody.errors import VaultError
from connector.custody.growing import jetstream, slot
from connector.custody.growing.jetstream import JetStream
from connector.custody.growing.slot import Slot
from connector.custody.growing.tail import Tail

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.custody.growing.growing import Growing

ADDRESS_CHARACTERS_MAX: Final = 2_048


@dataclass(frozen=True, slots=True)
class Kind:
    """A row: what a buyer is told of it, what opens it at a position, and what refuses one that is not there."""

    name: str
    message: str
    opened: Callable[[str, str], Growing]
    look: Callable[[str], None]


def _look_at_file(place: str) -> None:
    if not Path(place).is_file():
        raise VaultError("source", f"there is no file `{place}`", "make it, empty as it may be")


def _look_at_stream(place: str) -> None:
    try:
        import nats  # noqa: F401, PLC0415 - comes with an extra
    except ModuleNotFoundError as error:
        raise VaultError("source", "reading streams needs an extra", "install penstock[nats]") from error
    asyncio.run(JetStream(place).look())  # a thread of its own, without a loop


FILE: Final = Kind("file", "line", lambda place, position: Tail(Path(place), position), _look_at_file)
_SLOT: Final = Kind("slot", "change", Slot, lambda place: Slot(place).look())
_STREAM: Final = Kind("stream", "message", JetStream, _look_at_stream)
KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {"": FILE, "postgresql": _SLOT, "postgres": _SLOT, "nats": _STREAM, "tls": _STREAM}
)
_CHECKS: Final = {"postgresql": slot.check, "postgres": slot.check, "nats": jetstream.check, "tls": jetstream.check}


def kind_of(place: str) -> Kind:
    """Return the row of an address or of a whole path; `VaultError` `source` for what is neither."""
    if len(place) > ADDRESS_CHARACTERS_MAX or not place.isprintable():
        raise VaultError("source", f"an address has at most {ADDRESS_CHARACTERS_MAX} characters of one line")
    address = urlsplit(place) if "://" in place else urlsplit("")
    kind = KINDS.get(address.scheme)
    if kind is None or not (address.scheme or place.startswith("/")):
        text = f"`{place.partition('?')[0][:100]}` is no source that grows"
        raise VaultError("source", text, "a whole path, postgresql://…?slot=…&publication=…, or nats://host/STREAM")
    if address.password is not None:
        raise VaultError("source", "an address has no password in it", "PGPASSWORD or NATS_PASSWORD where it is served")
    if check := _CHECKS.get(address.scheme):
        check(address)
    return kind
