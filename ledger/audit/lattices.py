"""Which heads would stand where Ed25519 has fallen: those that witnesses cosigned with ML-DSA-44, too.

Law: these are figures and no findings. A witness need not have such a key. Its own DID document tells it, under a
signature of the key that the space has of its log; under another it counts for nothing. The log's own signature is
Ed25519 in any case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.audit.heads import head_of
from ledger.log.subtree import PUBLIC_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.audit.books import Books
    from ledger.space.document import Member, Space

COSIGNER = "cosigner"


def gather(space: Space, books: Books, told: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Return for each log that was read whether its newest head is cosigned so, and by how many of its `witnesses`.

    `told` is what members publish of themselves, by DID (`Sources.identity`).
    """
    keys = {did: key for did, one in told.items() if (key := _key(space.members.get(did), one)) is not None}
    rows = [_row(space, books, did, keys) for did in sorted(books)]
    return {"post_quantum": {"heads": len(rows), "cosigned": sum(row["quorum"] for row in rows), "logs": rows}}


def _row(space: Space, books: Books, did: str, keys: Mapping[str, bytes]) -> dict[str, Any]:
    policy, head = space.log_policy(did, keys), head_of(books[did])
    names = policy.witnesses_of(head.note)
    told = {"size": str(head.checkpoint.size), "witnesses": len(space.witnesses_of(did)), "cosigned": len(names)}
    return {"party": did, **told, "quorum": policy.met_by(names)}


def _key(member: Member | None, told: Mapping[str, str]) -> bytes | None:
    if member is None or told.get("logKey") != member.log_key.hex():
        return None
    try:
        key = bytes.fromhex(told.get(COSIGNER, ""))
    except (TypeError, ValueError):
        return None
    return key if len(key) == PUBLIC_BYTES else None
