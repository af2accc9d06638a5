"""What the client's calls return: values, read strictly from the server's answers; money is whole minor units.

Law: `whole` has the answer as it came, for what has no field yet; a field that lacks is our server's fault.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from connector.runtime.errors import PeerMisbehaved

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Product:
    """A listed product, as a search found it; `price` in words, empty where none is told."""

    id: str
    title: str
    price: str
    tier: str
    whole: Json = field(repr=False)

    @classmethod
    def read(cls, told: Json) -> Self:
        """Read a row of a search."""
        return cls(
            _text(told, "id"), _text(told, "title"), str(told.get("price") or ""), str(told.get("tier") or ""), told
        )


@dataclass(frozen=True, slots=True)
class Quote:
    """What a product costs before anything is agreed: `asked` a unit, `amount` for all (or one) of it."""

    product: str
    provider: str
    tier: str
    asked: int
    amount: int
    bytes: int
    currency: str
    words: str
    whole: Json = field(repr=False)

    @classmethod
    def read(cls, told: Json) -> Self:
        """Read a quote."""
        return cls(
            product=_text(told, "product"),
            provider=_text(told, "provider"),
            tier=_text(told, "tier"),
            asked=_number(told, "asked"),
            amount=_number(told, "amount"),
            bytes=_number(told, "bytes"),
            currency=_text(told, "currency"),
            words=_text(told, "sum"),
            whole=told,
        )


@dataclass(frozen=True, slots=True)
class Published:
    """A product of ours as it was published: its state, the edition that was sealed for it."""

    id: str
    title: str
    state: str
    provider: str
    edition: str
    rows: int
    whole: Json = field(repr=False)

    @classmethod
    def read(cls, told: Json) -> Self:
        """Read what publishing says."""
        ids = (_text(told, "id"), _text(told, "title"), _text(told, "state"))
        return cls(*ids, _text(told, "provider"), _text(told, "edition"), _number(told, "rows"), told)


@dataclass(frozen=True, slots=True)
class Acquired:
    """A purchase: its state, what was paid so far, how much is here."""

    id: str
    product: str
    state: str
    agreement: str
    paid: int
    bytes: int
    whole: Json = field(repr=False)

    @classmethod
    def read(cls, told: Json) -> Self:
        """Read the view of an acquisition."""
        progress = told.get("progress") or {}
        ids = (_text(told, "id"), _text(told, "product"), _text(told, "state"), str(told.get("agreement") or ""))
        return cls(*ids, int(progress.get("paid") or 0), int(progress.get("bytesHeld") or 0), told)


@dataclass(frozen=True, slots=True)
class Opened:
    """An opening: the how-manieth, what it was charged, where its files are."""

    number: int
    charged: int
    bytes: int
    files: tuple[str, ...]
    whole: Json = field(repr=False)

    @property
    def renamed(self) -> dict[str, str]:
        """The files that are called otherwise here: their provider's name → the name here."""
        return {str(name): str(here) for name, here in self.whole["renamed"].items()}

    @classmethod
    def read(cls, told: Json) -> Self:
        """Read what an opening says."""
        numbers = (_number(told, "number"), _number(told, "charged"), _number(told, "bytes"))
        return cls(*numbers, tuple(map(str, told["files"])), told)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a statement found: the names of its columns, its rows (none where they went to a file), how many in all.

    `confined` names what the process that read the data was held by.
    """

    number: int
    charged: int
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    count: int
    confined: tuple[str, ...]
    whole: Json = field(repr=False)

    @classmethod
    def read(cls, told: Json) -> Self:
        """Read what an opening says that was asked a statement."""
        answer = told["answer"]
        rows = tuple(tuple(row) for row in answer["rows"])
        numbers = _number(told, "number"), _number(told, "charged")
        confined = tuple(map(str, answer["confined"]))
        return cls(*numbers, tuple(map(str, answer["columns"])), rows, _number(answer, "rowCount"), confined, told)


@dataclass(frozen=True, slots=True)
class Exported:
    """Keys that were handed out: the how-manieth opening it was, where they are, and what that means."""

    number: int
    file: str
    warning: str
    whole: Json = field(repr=False)

    @classmethod
    def read(cls, told: Json) -> Self:
        """Read what an export says."""
        return cls(_number(told, "number"), _text(told, "file"), _text(told, "warning"), told)


@dataclass(frozen=True, slots=True)
class Settled:
    """What was settled, channel by channel, and withdrawn; `failed` are channel and reason of those that were not."""

    channels: tuple[str, ...]
    withdrawn: int
    failed: tuple[tuple[str, str], ...]
    whole: Json = field(repr=False)

    @classmethod
    def read(cls, told: Json) -> Self:
        """Read what settling says."""
        rows = told["channels"]
        failed = tuple((row["channel"], str(row["fault"]["text"])) for row in rows if "fault" in row)
        settled = tuple(row["channel"] for row in rows if "fault" not in row)
        return cls(settled, _number(told, "withdrawn"), failed, told)


def _text(told: Json, name: str) -> str:
    value = told.get(name)
    if not isinstance(value, str):
        raise PeerMisbehaved(f"the server's answer has no text `{name}`", "client and server are of one version")
    return value


def _number(told: Json, name: str) -> int:
    value = told.get(name)
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise PeerMisbehaved(f"the server's answer has no number `{name}`", "client and server are of one version")
    return int(value)
