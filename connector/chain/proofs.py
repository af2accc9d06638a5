"""Proofs of one's own entries for others to keep: read from the tables, whether a server runs or not."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.identity import keys as key_files
from connector.runtime import data_folder
from connector.runtime import settings as setting
from connector.runtime.errors import Absent, InvalidInput
from connector.runtime.limits import INDEX_DIGITS_MAX
from connector.store.entries import entry_at
from connector.store.evidence import Evidence
from connector.store.offline import look
from connector.store.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from connector.runtime.settings import Settings
    from connector.store.bundles import Bundles
    from connector.store.transaction import Tx

_LEAF = re.compile(r"[0-9a-f]{64}")
_FIND = "SELECT idx FROM log_entries WHERE leaf = ? ORDER BY idx LIMIT 1"


@dataclass(frozen=True, slots=True)
class Proven:
    """An entry of the own log with its tlog-proof."""

    index: int
    leaf: bytes
    entry: bytes
    proof: str


def prove(data: Path, which: str, bundles: Callable[[Path, Settings], Bundles]) -> Proven:
    """Prove the entry that `which` names, by index or leaf hash (hex), under the checkpoint that is served.

    `bundles` says where old entries of a participant rest. Raises `Absent` where there is no such entry, or the served
    checkpoint does not reach it yet, `EvidenceBroken` where its object is lost or changed.
    """
    settings = setting.load(data, os.environ)
    evidence = Evidence(settings.did, settings.log_origin, key_files.load(data / data_folder.KEYS).log, {})

    def act(tx: Tx) -> Proven:
        index = _index(tx, which)
        row = entry_at(tx, index)
        if row is None:
            raise Absent(f"the log has no entry {index}", "`penstock log head` says how many there are")
        proof = evidence.proof(tx, index)
        if proof is None:
            raise Absent(f"no served checkpoint reaches entry {index} yet", "`penstock log anchor`, then ask again")
        return Proven(index, row.leaf, row.entry, proof)

    return look(data_folder.tables(data, settings.store.database), TABLES, act, bundles(data, settings))


def _index(tx: Tx, which: str) -> int:
    if which.isascii() and which.isdigit() and len(which) <= INDEX_DIGITS_MAX:
        return int(which)
    if not _LEAF.fullmatch(which):
        raise InvalidInput(f"`{which[:80]}` is neither an index nor a leaf hash", "a leaf hash is 64 hex digits")
    rows = tx.execute(_FIND, bytes.fromhex(which))
    if not rows:
        raise Absent(f"no entry of this log has the leaf hash `{which}`")
    return int(rows[0]["idx"])
