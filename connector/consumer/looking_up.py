"""Looking up subjects of a product without showing which: neither what is asked nor what is found is seen there.

Law: (1) of our keys nothing leaves but how many there are and a bucket of each: keys go as blinded points, in the order
of their bytes. (2) The scalar is derived from a key of ours and from the id that we ask under: after a crash the same
keys are asked again, are counted once, and the answer can be read. (3) What is read of an answer is what opens under
our own keys' points (`connector.consumer.looked_up`).
"""

from __future__ import annotations

import asyncio
import uuid
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from connector.consumer import own_list
from connector.consumer.looked_up import ANSWER_BYTES_MAX, Part, question, rows
from connector.consumer.matching import Matching
from connector.consumer.querying import Wanted
from connector.runtime.errors import InvalidInput
from contracts import answered
from contracts import gate as gates
from contracts.answered import Answered
from contracts.lookup import KEYS_AT_ONCE
from contracts.units import CALL, MATCH, UNITS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.consumer.querying import Querying
    from connector.core.core import Core
    from connector.custody.secrets import Keys
    from contracts.canonical import JsonObject
    from contracts.tariff import Tariff

KEY_CHARACTERS_MAX: Final = 512
# keys of one list, which is asked in parts
LIST_KEYS_MAX: Final = 2_048


class LookingUp:
    """The subjects that one buyer looks up."""

    def __init__(self, core: Core, secrets: Keys, querying: Querying) -> None:
        self._secrets, self._querying = secrets, querying
        self._matching = Matching(core, secrets, querying)

    async def ask(
        self,
        what: str,
        keys: Sequence[str] | None = None,
        file: str | None = None,
        key: str | None = None,
        table: str | None = None,
        purpose: str | None = None,
        said: Any = None,
        job: str | None = None,
    ) -> JsonObject:
        """Look up subjects by their keys, written as the provider writes them, or by a column of a file.

        Returns the rows of each, one that says so for a key that is not there, how many are paid, and the provider's
        receipts: of each part of a long list one, or two where those alone are paid that are there. Under the same id
        what was answered is not asked again. Raises InvalidInput, Absent, NotPermitted with the provider's reasons.
        """
        row, name = await self._querying.meant(what), job or uuid.uuid4().hex
        gate = gates.read(row.signed_terms["gate"])
        if gate.lookup is None:
            raise InvalidInput("its terms let nobody look up subjects", "ask its provider, or ask in SQL")
        mine = await asyncio.to_thread(_listed, keys, file, key)
        asked = Wanted(row, name, "", purpose or "", said)
        parts = [
            Part(asked.part(at // KEYS_AT_ONCE), gate, table or "", tuple(mine[at : at + KEYS_AT_ONCE]))
            for at in range(0, len(mine), KEYS_AT_ONCE)
        ]
        if answered.counted(asked.tariff) == MATCH:
            return _together(asked, len(mine), await self._matching.ask(parts))
        return _together(asked, len(mine), [await self._part(part) for part in parts])

    async def _part(self, part: Part) -> JsonObject:
        """Look up as many keys as go at once, with their rows."""
        wanted, sent, mine = await asyncio.to_thread(question, self._secrets, part)
        read = partial(rows, part.gate, mine.inverse, mine.keys, part.numbers)
        told = await self._querying.settled(wanted, sent, read, ANSWER_BYTES_MAX)
        return {**told, "receipts": [told["receipt"]]}


def _together(asked: Wanted, keys: int, parts: Sequence[JsonObject]) -> JsonObject:
    """Return what is told of all parts of a list of so many keys."""
    first, lines = parts[0], [line for part in parts for line in part["rows"]]
    told = {name: first[name] for name in ("agreement", "edition", "columns", "confined")}
    there = len({line[0] for line in lines if line[1]})
    told |= {"id": asked.job, "rows": lines, "asked": keys, "there": there, "paid": _paid(asked.tariff, keys, there)}
    return {**told, "receipts": [one for part in parts for one in part["receipts"]]}


def _paid(tariff: Tariff, keys: int, there: int) -> int:
    """Return how many keys are paid: none where answers cost nothing."""
    if UNITS[answered.counted(tariff)].counts != CALL:
        return 0
    return answered.units(tariff, Answered(keys=keys, matched=there))


def _listed(keys: Sequence[str] | None, file: str | None, key: str | None) -> list[str]:
    """Return the keys that are meant, in order (blocking); raises InvalidInput, Absent."""
    if (keys is None) == (file is None) or (file is None) != (key is None):
        raise InvalidInput("say the keys, or a file and its column of keys", "penstock lookup PRODUCT --with F --key C")
    if file is not None and key is not None:
        [keys] = own_list.read(Path(file), key, None).values()
    return sorted(_keys(keys or ()))


def _keys(keys: Sequence[str]) -> list[str]:
    """Return the different keys as the provider writes them; raises InvalidInput."""
    found = list(dict.fromkeys(key.strip() for key in keys))
    if not 0 < len(found) <= LIST_KEYS_MAX:
        raise InvalidInput(f"{len(found)} keys are looked up", f"1 to {LIST_KEYS_MAX} under one id")
    if (odd := next((key for key in found if not 0 < len(key) <= KEY_CHARACTERS_MAX), None)) is not None:
        raise InvalidInput(f"`{odd[:60]}` is no key", f"a key has 1 to {KEY_CHARACTERS_MAX} characters")
    return found
