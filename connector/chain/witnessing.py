"""This participant as a witness of others' logs: check, persist, then sign; and its share in attestations."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from connector.runtime.errors import Conflict
from connector.store import peer_heads
from connector.store.rows.evidence import CheckpointRow, WitnessedRow
from contracts.errors import ContractError
from ledger.dispute import fork_proof, fork_report
from ledger.log import checkpoint as checkpoints
from ledger.log import cosignature, head_share
from ledger.log import note as notes
from ledger.log import witness as rules
from ledger.log.note import MalformedNoteError
from ledger.space.entry import ORIGIN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connector.chain.sharing import Sharing
    from connector.chain.transactions import Transactions
    from connector.identity.space.view import SpaceView
    from connector.runtime.clock import Clock
    from connector.store.store import Store
    from connector.store.transaction import Tx
    from contracts.typed_data import Domain
    from ledger.chain.deployment import Deployment
    from ledger.log.aggregate import FinalHead
    from ledger.log.cosignature import WitnessKeys
    from ledger.log.note import VerifierKey
    from ledger.space.document import Member


class Witness:
    """Cosigns members' checkpoints; `space` is the newest document known, `deployment` says where the anchors are."""

    def __init__(
        self,
        store: Store,
        keys: Callable[[], WitnessKeys],
        seed: Callable[[], bytes],
        sharing: Sharing,
        clock: Clock,
        space: SpaceView,
        transactions: Transactions,
        deployment: Callable[[], Deployment],
    ) -> None:
        self._store = store
        self._keys = keys
        self._seed = seed
        self._sharing = sharing
        self._clock = clock
        self._space = space
        self._transactions = transactions
        self._deployment = deployment

    async def add_checkpoint(
        self, body: bytes, head_time: str | None, share: str | None = None
    ) -> tuple[rules.Ruling, str]:
        """Rule on a request; with status 200 also return the signature lines, made after what we saw is durable.

        `share` is the header that asks for a BLS share of the on-chain head besides.
        """
        now = int(self._clock.now().timestamp())
        logs = await self._logs(body)

        def act(tx: Tx) -> rules.Ruling:
            ruling = rules.rule(body, head_time, logs, _seen(tx, body), now)
            if ruling.accepted is not None and ruling.request is not None:
                head = ruling.accepted
                note = ruling.request.note.encode()
                tx.put(
                    WitnessedRow(origin=head.origin, size=head.size, root=head.root, note=note, at=self._clock.now())
                )
                peer_heads.keep(tx, peer_heads.Offered(head, note, head.size, []), self._clock.now())
            elif ruling.fork or ruling.status == rules.UNPROVEN:
                self._report(tx, ruling)
            return ruling

        ruling = await self._store.write(act)
        if ruling.status != rules.ACCEPTED:
            return ruling, ""
        domain = self._domain(ruling)
        lines = rules.lines(ruling, self._keys(), domain, now)
        if share == head_share.SHARE_WANTED and domain is not None:
            lines += await self._sharing.give(ruling, domain)
        return ruling, lines

    def _domain(self, ruling: rules.Ruling) -> Domain | None:
        """Return where to sign the on-chain head: nowhere unless its owner has signed it, too.

        Raises `NoteError` for an owner's line that is false.
        """
        assert ruling.request is not None
        assert ruling.accepted is not None
        owner, domain = self._space.last().by_origin(ruling.accepted.origin), self._deployment().domain("anchors")
        signed = owner is not None and cosignature.verify_head(ruling.request.note, owner.head_vkey, domain)
        return domain if signed else None

    def _report(self, tx: Tx, ruling: rules.Ruling) -> None:
        """Keep both notes of a fork, and show them to the chain if their owner signed them for it.

        Of a proof that fails nothing is known, unless it is one against the log itself.
        """
        assert ruling.request is not None
        offered = ruling.request.note
        origin = checkpoints.parse_text(offered.text).origin
        row, owner = tx.get(WitnessedRow, origin=origin), self._space.last().by_origin(origin)
        if row is None:
            return  # a proof that fails against nothing is a mistake
        proof = _against(row.note, ruling.request, owner)
        if proof is None and not ruling.fork:
            return
        fork = peer_heads.ForkFound(origin, row.note, offered.encode(), ruling.reason, proof)
        peer_heads.keep_fork(tx, fork, self._clock.now())
        if owner is None:
            return
        act = fork_report.report(self._deployment(), owner.head_vkey, notes.parse(row.note), offered)
        if act is not None:
            self._transactions.enqueue(tx, f"fork:{origin}", act)

    async def _logs(self, body: bytes) -> dict[str, VerifierKey]:
        """Return the log that a request is about, if it is a member's; one that we never met makes us look.

        So does one that its key has not signed: the log may go on under a key that we have not heard of.
        """
        try:
            note = rules.parse(body).note
            origin = checkpoints.parse_text(note.text).origin
        except MalformedNoteError:
            return {}
        owner = await self._space.of_origin(origin)
        if owner is not None and not note.of(owner.log_vkey):
            owner = (await self._space.renewed((ORIGIN, origin))).by_origin(origin)
        return {} if owner is None else {owner.origin: owner.log_vkey}

    async def attest(self, heads: Sequence[FinalHead]) -> dict[str, str]:
        """Sign the statement over `heads` if we witnessed or signed each; raises Conflict for the first we did not."""
        known = await self._store.read(_known_heads)
        for head in heads:
            if (head.size, head.root) not in known.get(head.origin, ()):
                raise Conflict(f"this witness has not seen size {head.size} of `{head.origin}` with that root")
        return await asyncio.to_thread(self._sign, tuple(heads))

    def _sign(self, heads: tuple[FinalHead, ...]) -> dict[str, str]:
        from ledger.log import aggregate  # noqa: PLC0415  # pairing arithmetic is heavy and needed only here

        key = aggregate.secret(self._seed())
        return {
            "name": self._keys().name,
            "key": aggregate.public(key).hex(),
            "signature": aggregate.sign(key, heads).hex(),
        }


def _against(kept: str, request: rules.Request, owner: Member | None) -> Sequence[bytes] | None:
    """Return the proof in a request if it shows that the log has two histories."""
    if owner is None:
        return None
    try:
        shown = fork_proof.document(kept, request.note.encode(), request.proof)
        fork_proof.judge(shown, owner.log_vkey, owner.former_vkeys)
    except ContractError:
        return None
    return request.proof


def _seen(tx: Tx, body: bytes) -> rules.Seen:
    try:
        row = tx.get(WitnessedRow, origin=rules.origin_of(body))
    except MalformedNoteError:
        return rules.Seen()
    return rules.Seen() if row is None else rules.Seen(row.size, row.root)


def _known_heads(tx: Tx) -> dict[str, list[tuple[int, bytes]]]:
    known: dict[str, list[tuple[int, bytes]]] = {}
    for seen in tx.find(WitnessedRow):
        known.setdefault(seen.origin, []).append((seen.size, seen.root))
    for own in tx.find(CheckpointRow, order="size desc", limit=1):
        origin = checkpoints.parse_text(own.note.split("\n\n")[0] + "\n").origin
        known.setdefault(origin, []).append((own.size, own.root))
    return known
