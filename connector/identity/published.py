"""The keys of ours that our DID document lists beside the present ones: those that were, and the one that is to come.

    keys/published.json   [{"purpose", "fragment", "key", "until"}, …]

Law: (1) a fragment names one key for ever: the first of a purpose is called as the purpose is, later ones are numbered,
so what was signed under a former key is verified by that key or by none. (2) A key to come is listed before anything is
signed under it; once it is listed, the next start takes it, whatever came between. (3) A former key is listed `until` a
time and no longer; of one that was stolen that time is now. The file has public keys alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

from connector.identity import keys as key_files
from connector.identity.keys import CREDENTIAL, TOKEN, Keys, Signer
from connector.runtime import files
from connector.runtime.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

FILE = "published.json"


@dataclass(frozen=True, slots=True)
class Listed:
    """A public key (JWK) of a purpose under its fragment, listed `until` a time, the newest for as long as it is."""

    purpose: str
    fragment: str
    key: Mapping[str, str]
    until: datetime | None = None

    def json(self) -> dict[str, Any]:
        """Return the key as the file has it."""
        until = None if self.until is None else self.until.isoformat()
        return {"purpose": self.purpose, "fragment": self.fragment, "key": dict(self.key), "until": until}


@dataclass(frozen=True, slots=True)
class Published:
    """All that are listed; none where no key was ever replaced."""

    rows: tuple[Listed, ...] = ()

    def signer(self, did: str, keys: Keys, purpose: str) -> Signer:
        """Return the present key of a purpose under its name in our document."""
        return Signer(keys.signing(purpose), f"{did}#{self.fragment(purpose, keys.public(purpose))}")

    def fragment(self, purpose: str, key: Mapping[str, str]) -> str:
        """Return under which name a key is listed."""
        return next((row.fragment for row in self.rows if row.purpose == purpose and row.key == key), purpose)

    def beside(self, keys: Keys, purpose: str) -> list[Listed]:
        """Return the keys of a purpose that are not the present one."""
        present = keys.public(purpose)
        return [row for row in self.rows if row.purpose == purpose and row.key != present]

    def at(self, now: datetime) -> Published:
        """Return what is listed still."""
        return Published(tuple(row for row in self.rows if row.until is None or row.until > now))

    def followed(self, old: Keys, new: Keys, until: Mapping[str, datetime]) -> Published:
        """Return what is listed when `new` follow `old`, each of which is listed `until` a time; by purpose."""
        rows = list(self.rows)
        for purpose, end in until.items():
            before, after = old.public(purpose), new.public(purpose)
            former = Listed(purpose, self.fragment(purpose, before), before, end)
            rows = [row for row in rows if row.purpose != purpose or row.key != before] + [former]
            if not any(row.purpose == purpose and row.key == after for row in rows):
                rows.append(Listed(purpose, f"{purpose}-{_number(rows, purpose) + 1}", after))
        return Published(tuple(rows))


ALONE = Published()


def load(folder: Path, now: datetime, module: str | None = None) -> tuple[Keys, Published]:
    """Read our keys and what is listed beside them; a listed key that was to come is the present one from here on."""
    listed, keys = read(folder).at(now), key_files.load(folder, module)
    coming = key_files.drawn(folder, TOKEN)
    if coming is not None:
        following = keys.with_token(coming)
        if any(row.key == following.public(TOKEN) for row in listed.rows):
            key_files.take_next(folder, TOKEN, keys.module)
            keys = following
    return keys, listed


def read(folder: Path) -> Published:
    """Read the file; raises SettingsError for one that is damaged."""
    try:
        told = orjson.loads((folder / FILE).read_bytes())
        return Published(tuple(map(_row, told)))
    except FileNotFoundError:
        return Published()
    except (ValueError, KeyError, TypeError) as error:
        raise SettingsError(f"`{folder / FILE}` is damaged", "restore it from a back-up of the keys") from error


def write(folder: Path, listed: Published) -> None:
    """Keep what is listed; durable on return."""
    files.write_atomic(folder / FILE, orjson.dumps([row.json() for row in listed.rows], option=orjson.OPT_INDENT_2))


def _row(row: Mapping[str, Any]) -> Listed:
    until = None if row["until"] is None else datetime.fromisoformat(row["until"])
    if row["purpose"] not in (TOKEN, CREDENTIAL) or (until is not None and until.tzinfo is None):
        raise ValueError("no key of ours")
    return Listed(row["purpose"], str(row["fragment"]), dict(row["key"]), until)


def _number(rows: Sequence[Listed], purpose: str) -> int:
    """Return the number of the newest key that a purpose has had; the first bears none."""
    names = [row.fragment.removeprefix(purpose).removeprefix("-") or "1" for row in rows if row.purpose == purpose]
    return max(map(int, names), default=1)
