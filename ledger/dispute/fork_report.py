"""A fork that its owner signed for the chain: two heads of one size and two roots (spec 8).

Law: the Ed25519 signature below a checkpoint means nothing to an EVM. So a log asks for `Head` signatures with its own
`Head` line below the checkpoint, and a witness gives its own to no other note: whatever it was led to, it can show.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.chain import acts
from ledger.log import cosignature
from ledger.log.checkpoint import parse_text

if TYPE_CHECKING:
    from contracts.typed_data import Head
    from ledger.chain.client import Act
    from ledger.chain.deployment import Deployment
    from ledger.log.note import Note, VerifierKey


def report(deployment: Deployment, owner: VerifierKey, kept: Note, offered: Note) -> Act | None:
    """Return the act that freezes the log on chain, None unless its owner signed both heads for the chain.

    `owner` is its `Head` key; raises `NoteError` for a line of it that is false.
    """
    old, new = (_signed(deployment, owner, note) for note in (kept, offered))
    if old is None or new is None or old[0].size != new[0].size or old[0].root == new[0].root:
        return None
    return acts.report_fork(deployment, old[0], [old[1]], new[0], [new[1]])


def _signed(deployment: Deployment, owner: VerifierKey, note: Note) -> tuple[Head, bytes] | None:
    """Return the on-chain head of a note with its owner's signature."""
    for time, signature in cosignature.verify_head(note, owner, deployment.domain("anchors")):
        return cosignature.head_of(parse_text(note.text), time), signature
    return None
