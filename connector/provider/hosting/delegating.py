"""The provider's side of hosting: what it delegates, hands over, and revokes.

Law: (1) a delegation is of one edition of a product on offer; it is kept, and on the log, before anybody else sees it.
(2) Our signature leaves for the chain alone, with the host's: what was revoked before it was taken up can never be
granted. (3) Keys leave to the host that it names, when the chain has the licence, and those of that edition alone.
(4) A revocation is the chain's: it counts from its block on, whoever is told or not.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from connector.custody import hosted as handing
from connector.custody import tickets
from connector.licence import hosted
from connector.negotiation.on_offer import OFFERED
from connector.provider.hosting import kept
from connector.provider.hosting.kept import PROVIDER
from connector.runtime import reasons
from connector.runtime.errors import Conflict, InvalidInput, NotPermitted, PenstockError, Unproven
from connector.runtime.typed_instant import read_until
from connector.store.rows.hosting import DelegationRow
from connector.store.rows.hosting import DelegationState as State
from connector.store.rows.product import ProductRow
from connector.store.rows.vault import EditionRow, VaultState
from contracts.canonical import sha
from contracts.decimals import read_coins, read_hex, read_money
from contracts.delegation import ACTS, COMPUTE, COMPUTED, DELIVER, FREE, SIGN, Delegation
from contracts.signature import SIGNATURE_BYTES, is_by
from contracts.split import WHOLE_BPS, Split
from ledger.chain import acts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.chain.transactions import Transactions
    from connector.core.core import Core
    from connector.custody.secrets import Keys as Secrets
    from connector.identity.peers import Peers
    from connector.identity.space.view import SpaceView
    from connector.provider.data_addresses import DataAddresses
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from ledger.chain.programs import Programs

# members of a brief that say nothing to the host, or are the provider's own: paths, secrets, who may list it where
OWN: Final = frozenset({
    "files", "secret", "id", "offer", "mask", "space", "resource", "sample", "negotiable", "variants", "askFirst",
})  # fmt: skip
# what cannot be served from sealed bytes alone, or is others' as well
OTHERWISE: Final = ("api", "stream", "unlisted", "project", "derivedFrom")
# what of its limits says how far the provider bargains over rules: a host sells under those that it was given
BARGAINS: Final = frozenset({"policy", "variants", "asks"})

log = logging.getLogger(__name__)


class Delegating:
    """The delegations that one provider has given."""

    def __init__(
        self,
        core: Core,
        space: SpaceView,
        programs: Programs,
        transactions: Transactions,
        peers: Peers,
        secrets: Secrets,
        data_addresses: DataAddresses,
    ) -> None:
        self._core, self._space, self._programs, self._transactions = core, space, programs, transactions
        self._peers, self._secrets, self._addresses = peers, secrets, data_addresses
        self._lock = asyncio.Lock()  # what is granted is not revoked meanwhile

    async def delegate(
        self,
        product: str,
        host: str,
        share: str,
        until: str,
        acts: Sequence[str],
        delegation: str,
        floor: str | None = None,
    ) -> JsonObject:
        """Sign a delegation of the edition of `product` that is on offer; the host finds it here and accepts it.

        `share` is the host's, per cent; `floor` an amount as people write it, the asked price where nobody says it.
        """
        member, now = await self._space.require(host), self._core.clock.now()
        row = await self._core.store.read(lambda tx: tx.get(ProductRow, id=product))
        if row is None or row.state not in OFFERED or row.terms is None:
            raise Conflict(f"no product `{product[:200]}` of ours is on offer", "publish it first")
        if odd := next((name for name in OTHERWISE if row.brief.get(name)), None):
            hint = "delegate one that is listed, of files of your own"
            raise InvalidInput(f"a product with `{odd}` is not hosted", hint)
        made = self._made(row, member, read_money(share.removesuffix("%"), "share"), floor, acts, until, delegation)
        if made.until <= now:
            raise InvalidInput(f"`until` is {until}, which is over", "name a later time")
        domain = self._programs.deployment.domain("licences")
        digest = hosted.licence_digest(domain, made)
        draft = DelegationRow(
            id=made.product,
            role=PROVIDER,
            peer=made.host,
            digest=digest.hex(),
            document=made.json(),
            source=product,
            provider_signature=self._core.identity.sign(digest),
            state=State.OFFERED,
            until=made.until,
            created=now,
            updated=now,
        )

        def act(tx: Tx) -> DelegationRow:
            known = tx.get(DelegationRow, id=draft.id)
            if known is not None:
                if known.digest != draft.digest:
                    raise Conflict(f"there is another delegation `{draft.id}`", "choose another id: `--id`")
                return known
            if tx.get(ProductRow, id=draft.id) is not None:
                raise Conflict(f"`{draft.id}` is a product of our own", "choose another id: `--id`")
            return kept.keep(tx, self._core.evidence, None, draft, self._core.identity.did, now)

        return kept.view(await self._core.store.write(act))

    def _made(
        self, row: ProductRow, member: Any, bps: int, floor: str | None, acts: Sequence[str], until: str, key: str
    ) -> Delegation:
        assert row.terms is not None
        own, last = self._core.identity.keys.address, self._space.last()
        exchange, fee = last.members[last.exchange].address, last.fee_bps
        if not 0 < bps < WHOLE_BPS - fee:
            raise InvalidInput("the host's share is from 0.01 per cent to what the exchange's fee leaves", "say 5")
        points = {member.address: bps, own: WHOLE_BPS - bps}
        if exchange not in points and fee:
            points |= {own: points[own] - fee, exchange: fee}
        does = COMPUTE if row.tier == COMPUTED else DELIVER
        told = [name for name in ACTS if name in acts] if acts else [*list(ACTS)[:3], does]
        if odd := sorted(set(acts) - set(ACTS)):
            raise InvalidInput(f"`{odd[0][:40]}` is nothing that a host does", f"use some of {', '.join(ACTS)}")
        if missing := sorted({SIGN, does} - set(told)):
            raise InvalidInput(f"without `{missing[0]}` the host could sell nothing", f"add `--act {missing[0]}`")
        terms = {name: value for name, value in row.terms.items() if name not in FREE - {"tariff", "maxExposure"}}
        terms |= {"product": key, "split": Split(tuple(points.items())).json()}
        tariff = row.terms["tariff"]
        least = int(tariff["minor"]) if floor is None else read_coins(floor, "floor", tariff["currency"])
        return Delegation(
            self._core.identity.did,
            member.did,
            own,
            tuple(told),
            terms,
            {name: value for name, value in row.policy.items() if name != "target"},
            least,
            read_until(until),
        )

    async def offered(self, key: str, peer: str) -> JsonObject:
        """Return a delegation to the host that it names; raises Conflict for one that is over."""
        row = await self._of(key, peer)
        if row.state not in kept.GOING:
            raise Conflict(f"the delegation `{key}` is {row.state}: {row.reason}", "ask its provider for another one")
        return {"document": row.document}

    async def _of(self, key: str, peer: str) -> DelegationRow:
        row = await self._core.store.read(lambda tx: kept.found(tx, key, PROVIDER))
        if row.peer != peer:
            raise kept.absent(key)
        return row

    async def hand_over(self, key: str, peer: str, signature: str) -> JsonObject:
        """Put a delegation that its host has signed on the chain; return description, keys and a ticket to its bytes.

        The same again returns them again. Raises Conflict for a delegation that is over.
        """
        row = await self._of(key, peer)
        made, proof = kept.read(row), read_hex(signature, "signature", SIGNATURE_BYTES)
        if not is_by(made.account, bytes.fromhex(row.digest), proof):
            raise Unproven("the delegation is not signed with the key that the space knows this host by")
        async with self._lock:
            row = await self._of(key, peer)
            if row.state not in kept.GOING:
                raise Conflict(f"the delegation `{key}` is {row.state}: {row.reason}", "ask for another one")
            await self._grant(row, made, proof)
        return await self._handed(row, made, proof)

    async def _grant(self, row: DelegationRow, made: Delegation, proof: bytes) -> None:
        """Have the licence of a delegation on the chain; raises Conflict for one that does not stand there."""
        assert row.provider_signature is not None, "we signed it when it was made"
        if await self._programs.licence(bytes.fromhex(row.digest)) is None:
            grant = acts.grant_licence(self._programs.deployment, made.licence, row.provider_signature, proof)
            await self._transactions.submit(f"hosting:{row.digest}", grant, anew=True)
        if why := await hosted.standing(self._programs, made):
            raise Conflict(f"nothing is handed over: {why}", "ask for another delegation")

    async def _handed(self, row: DelegationRow, made: Delegation, proof: bytes) -> JsonObject:
        peer, key = row.peer, row.id
        member, now = await self._space.require(peer), self._core.clock.now()
        product, edition = await self._core.store.read(
            lambda tx: (tx.get(ProductRow, id=row.source), tx.get(EditionRow, id=made.edition.hex()))
        )
        if product is None or product.edition != made.edition.hex() or edition is None:
            raise Conflict("its provider has another edition on offer by now", "ask it for another delegation")
        if edition.state is not VaultState.REGISTERED:
            raise NotPermitted("the edition is sold no more", "ask its provider")
        keys = await asyncio.to_thread(handing.hand_over, self._secrets, edition, member.delivery)
        ticket = tickets.issue(self._addresses.key, made.edition, tickets.NO_SUBJECT, tickets.NO_TRANSFER, now)

        def act(tx: Tx) -> None:
            known = kept.found(tx, key, PROVIDER)
            if known.state is not State.HANDED:
                after = replace(known, host_signature=proof, state=State.HANDED)
                kept.keep(tx, self._core.evidence, known, after, peer, now)

        await self._core.store.write(act)
        brief = {name: value for name, value in product.brief.items() if name not in OWN}
        limits = {name: value for name, value in product.limits.items() if name not in BARGAINS}
        dataset = (product.dataset or {}) | {"id": made.product}
        return {"keys": keys, "ticket": ticket, "brief": brief, "limits": limits, "dataset": dataset}

    async def revoke(self, key: str, reason: str) -> JsonObject:
        """Revoke a delegation on chain, and tell the host; repeating it tells it again.

        Raises Conflict for one that is over, ChainUnreachable where nobody knows whether it is.
        """
        reasons.check(reason, "the host, the log and a regulator read it")
        row = await self._core.store.read(lambda tx: kept.found(tx, key, PROVIDER))
        if row.state is State.ENDED:
            raise Conflict(f"the delegation `{key}` is over", "nothing is sold under it any more")
        name = bytes.fromhex(row.digest)
        async with self._lock:
            licence = await self._programs.licence(name)
            if licence is not None and licence.revoked_at is None:
                cause = sha({"hosting": row.id, "reason": reason})
                revoke = acts.revoke_licence(self._programs.deployment, name, cause)
                await self._transactions.submit(f"hosting-revocation:{row.digest}", revoke, anew=True)
            row = await self._core.store.write(lambda tx: self._revoked(tx, key, reason))
        told = await self._tell(row)
        return kept.view(row) | {"told": told}

    def _revoked(self, tx: Tx, key: str, reason: str) -> DelegationRow:
        known, now, own = kept.found(tx, key, PROVIDER), self._core.clock.now(), self._core.identity.did
        if known.state is State.REVOKED:
            return known
        after = replace(known, state=State.REVOKED, reason=reason)
        return kept.keep(tx, self._core.evidence, known, after, own, now)

    async def end_due(self) -> None:
        """Note the end of what its time is over for; the chain knows it by itself."""
        now, own = self._core.clock.now(), self._core.identity.did

        def due(tx: Tx) -> list[DelegationRow]:
            rows = tx.find(DelegationRow, "role = ?", (PROVIDER,))
            return [row for row in rows if row.state in kept.GOING and row.until <= now]

        def act(tx: Tx) -> None:
            for row in due(tx):
                after = replace(row, state=State.ENDED, reason="its time is over")
                kept.keep(tx, self._core.evidence, row, after, own, now)

        if await self._core.store.read(due):
            await self._core.store.write(act)

    async def _tell(self, row: DelegationRow) -> bool:
        """Have the host look at the chain now; one that is away looks by itself when it is back."""
        try:
            member = await self._space.require(row.peer)
            url = f"{member.url}/hosting/{quote(row.id, safe='')}/look"
            await self._core.outbound.post(url, {}, headers=self._peers.authorization(member.did))
        except PenstockError as fault:  # the chain has the revocation, and the host looks there
            log.info("the host was not told of a revocation: %s", fault)
            return False
        return True
