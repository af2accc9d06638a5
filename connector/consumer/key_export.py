"""Handing out the keys of a kept replica, for a program that is not ours (spec 1.14, 5).

Law: (1) keys are handed out as plaintext is: the opening's decision, count and events, and besides the action
`download` must be permitted, with which a policy says that nothing leaves the connector. (2) `keys.exported` is in the
log before the file is; no file is written over. (3) A leased replica has no keys here, and none are handed out.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

from catalog.codes import TIERS
from connector.custody import replicas
from connector.licence.licensed import rows_of
from connector.negotiation.protocol.offers import PLAIN
from connector.runtime import files
from connector.runtime.errors import Conflict, InvalidInput, NotPermitted
from contracts.units import KEPT, LEASED
from ledger.edition import key_file
from ledger.edition.header import read_header

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from connector.custody.replicas import WholeReplica
    from connector.store.rows.agreement import AgreementRow
    from contracts.canonical import JsonObject

log = logging.getLogger(__name__)

# what stands before the id of an export among the openings, whose ids may not begin so
PREFIX = "keys/"
WARNING = (
    f"from here on nobody counts: the tier is `{TIERS[KEPT].en}`, and whoever has this file opens these pieces as "
    "often as they like, also when the licence has ended and the replica was deleted; what is permitted has not grown"
)


def check_tier(agreement: AgreementRow) -> None:
    """Refuse an agreement under which no keys rest here; raises NotPermitted, Conflict."""
    tier = agreement.signed_terms["tier"]
    if tier == LEASED:
        raise NotPermitted(
            "a leased replica has no keys here: each opening is bought of its provider, and its keys stay in memory",
            "open it with `penstock open`, or agree on the tier `kept`",
        )
    if tier == PLAIN:
        raise Conflict("a plain copy is not sealed, so it has no keys", "`penstock open --to` hands out its files")


def check_place(to: Path) -> None:
    """Refuse a place where no new file can be made; raises InvalidInput, Conflict."""
    if not to.parent.is_dir():
        raise InvalidInput(f"`{to.parent}` is no folder", "make it, or name a file elsewhere")
    if os.path.lexists(to):
        raise Conflict(f"`{to}` is there already, and nothing is written over", "name another file, or remove it")


def told(result: Mapping[str, Any]) -> JsonObject:
    """Return what is told of an export, from what the opening that it is brought."""
    (file,) = result["files"]
    same = {name: result[name] for name in ("acquisition", "number", "bytes", "purpose")}
    return {"id": result["id"].removeprefix(PREFIX), **same, "file": file, "warning": WARNING}


def write(replica: WholeReplica, agreement: AgreementRow, secrets: Mapping[int, bytes], to: Path) -> None:
    """Write the key file of a whole row of `replicas`, for its owner alone (blocking)."""
    table = replicas.table_of(replica)
    licensed = {number: secrets[number] for number in rows_of(agreement.signed_terms, table)}
    header, digest = read_header(replica.header), bytes.fromhex(agreement.digest)
    files.write_atomic(to, key_file.encode(digest, header, table, replica.path, licensed, WARNING))
    log.warning("the keys of `%d` pieces were exported under `%s`: nobody counts", len(licensed), agreement.digest)
