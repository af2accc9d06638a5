"""From files to a listed product: describe, permit, seal, register on chain, submit to the exchange.

An unlisted product goes the same way under a blind id, and is submitted to nobody (decision 0081).

The states of a product are the rows of STEPS, in the order of the journey; each step leaves the product's row in the
next state in the same transaction as its event, so a crash repeats at most one step, and every step may be repeated.
"""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from catalog import masks
from catalog.dataset import dataset_from_json
from catalog.listing import State
from connector.core.driver import Driver
from connector.custody import edition as editions
from connector.custody import lineage
from connector.custody.seal import FIXED, Brief, seal
from connector.custody.sources import Doors
from connector.licence import pricing
from connector.licence.licensed import rows_of
from connector.negotiation.on_offer import OFFERED, Told, keep
from connector.provider import brief as briefs
from connector.provider import drifting, facts, history, negotiable, on_table, renewal, repricing, space_rules, steps
from connector.provider.contents import billed, by_bytes, contents
from connector.provider.description import described, first_rows, masked_source, measured
from connector.provider.preview import preview
from connector.provider.rules import require_sought
from connector.provider.submission import hand_in
from connector.provider.underway import Underway
from connector.runtime import files
from connector.runtime.errors import Absent, Conflict, as_reason, from_reason
from connector.store.rows.product import ProductRow, ProductState
from connector.store.rows.vault import EditionRow, VaultState
from contracts import blind
from contracts.labels import H
from contracts.suites import INTERNATIONAL
from contracts.typed_data import Edition, digest
from ledger.chain import acts
from ledger.edition.row_table import RowTable
from ledger.edition.suite import SUITES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from catalog.dataset import Dataset
    from catalog.profile import FileProfile
    from connector.chain.transactions import Transactions
    from connector.core.core import Core
    from connector.custody.blobs import Blobs
    from connector.custody.former import Former
    from connector.custody.sealed import Sealed
    from connector.custody.secrets import Keys as Secrets
    from connector.identity.space.exchange import ExchangeDoor
    from connector.identity.space.view import SpaceView
    from connector.licence.partnership import Partnership
    from connector.negotiation.notices import Notices
    from connector.provider.computing.room import ComputeRoom
    from connector.provider.derivation import Derivation
    from connector.provider.resources import Resources
    from connector.provider.waiting import Waiting
    from connector.store.transaction import Tx
    from ledger.chain.programs import Programs

FINAL = (*OFFERED, ProductState.FAILED)
# states of a listing whose review is to come (catalog.listing)
WAITS = frozenset({State.SUBMITTED, State.REVIEWED})
WAIT_SECONDS_MAX = 30.0


class Publications:
    """The products this provider is publishing."""

    def __init__(
        self,
        core: Core,
        space: SpaceView,
        programs: Programs,
        transactions: Transactions,
        exchange: ExchangeDoor,
        notices: Notices,
        secrets: Secrets,
        blobs: Blobs,
        derivation: Derivation,
        partnership: Partnership,
        resources: Resources,
        waiting: Waiting,
        compute_room: ComputeRoom,
    ) -> None:
        self._core, self._space, self._programs, self._transactions = core, space, programs, transactions
        self._exchange, self._notices, self._secrets, self._blobs = exchange, notices, secrets, blobs
        self._derivation, self._resources, self._waiting, self._room = derivation, resources, waiting, compute_room
        self._partnership = partnership
        self.driver = Driver("publication", self._advance, self._fail)
        self._underway = Underway(core.clock)
        self._moved = asyncio.Condition()
        self.on_offer: list[Callable[[str], None]] = []  # called with the id of each edition that was submitted
        self._steps = {
            ProductState.DRAFT: self._seal,
            ProductState.RENEWING: self._seal,
            ProductState.SEALED: self._register,
            ProductState.REGISTERED: self._submit,
        }

    async def recover(self) -> None:
        """Go on with what an earlier run left unfinished."""
        marks = ", ".join("?" * len(self._steps))
        query = f"SELECT id FROM products WHERE state IN ({marks})"  # noqa: S608  # only marks
        for row in await self._core.store.read(lambda tx: tx.execute(query, *map(str, self._steps))):
            self.driver.wake(row["id"])

    async def publish(self, brief: Any, access: dict[str, Any] | None = None) -> dict[str, Any]:
        """Publish by a brief, to whom `access` permits; with a known id go on, or make its next edition."""
        return await self._finished(await self.begin(brief, access))

    async def begin(self, brief: Any, access: dict[str, Any] | None = None) -> str:
        """Begin to publish by a brief; return the id of its product."""
        row = replace(await self._room.described(self.draft(brief), kept=True), access=access)
        key = row.id
        # who publishes is a member, and from its own admission on it knows the supervisor its events are disclosed to
        await self._space.require(self._core.identity.did)
        await self._waiting.settle(key)
        await self._partnership.ready(row.brief.get("project"))

        def act(tx: Tx) -> None:
            draft = replace(row, brief=self._derivation.settle(tx, row.brief, row.policy))
            known = tx.get(ProductRow, id=key)
            if known is None and draft.offer and tx.get(ProductRow, offer=draft.offer) is not None:
                raise Conflict(f"another product has the offer id `{draft.offer}`", "choose another offer id")
            if (after := steps.begun(known, draft)) is not None:
                briefs.require_future(draft.brief, draft.created)
                keep(tx, self._core.evidence, known, after)

        await self._core.store.write(act)
        self.driver.wake(key)
        return key

    async def wait(self, key: str, seconds: float) -> dict[str, Any]:
        """Return the view of a product as soon as `publish` would, or after `seconds` how far it is; raises as both do.

        Raises Absent for a product that was never begun.
        """
        if await self._core.store.read(lambda tx: tx.get(ProductRow, id=key)) is None:
            raise Absent(f"there is no product `{key[:100]}`")
        try:
            async with asyncio.timeout(min(seconds, WAIT_SECONDS_MAX)):
                return await self._finished(key)
        except TimeoutError:
            row = await self._row(key)
            return await self._outcome(row) or self._underway.view(row)

    async def preview(self, brief: Any) -> dict[str, Any]:
        """Return what publishing by a brief would offer (`connector.provider.preview`); nothing is kept."""
        row = await self._room.described(self.draft(brief), kept=False)
        briefs.require_future(row.brief, row.created)
        await self._space.require(self._core.identity.did)
        region, currency = self._core.settings.participant.region, self._programs.deployment.currency
        known = await self._core.store.read(lambda tx: tx.get(ProductRow, id=row.id))
        before = await self._former(known or row)
        check = await space_rules.asked(self._exchange, row, self._core.identity.did)
        return await asyncio.to_thread(preview, row, self._doors(), self._secrets, region, currency, check, before)

    def measured(self, row: ProductRow, files: Sequence[str]) -> list[FileProfile]:
        """Return the profiles of some of the files that a row is made of, masked as it says; blocks."""
        return measured(masked_source(row, self._doors(), self._secrets, files), row)

    async def _former(self, row: ProductRow) -> Former | None:
        return await self._core.store.read(lambda tx: renewal.former(tx, self._secrets, row))

    async def resumed(self, key: str) -> dict[str, Any]:
        """Go on with a product that was put on its way again; returns its view."""
        self.driver.wake(key)
        return await self._finished(key)

    def _doors(self) -> Doors:
        return Doors(self._blobs.folder, self._core.outbound.another)

    async def _finished(self, key: str) -> dict[str, Any]:
        async with self._moved:
            while (view := await self._outcome(await self._row(key))) is None:
                await self._moved.wait()
            return view

    async def _outcome(self, row: ProductRow) -> dict[str, Any] | None:
        """Return a product's view once it is submitted, None until then; raises what it failed with."""
        if row.state is ProductState.WITHDRAWN:
            raise Conflict(f"the product `{row.id[:100]}` is withdrawn", "choose another id")
        if row.state not in FINAL:
            return None
        if row.reason is not None:
            raise from_reason(row.reason)
        return await self._view(row)

    async def _view(self, row: ProductRow) -> dict[str, Any]:
        edition = await self._core.store.read(lambda tx: tx.get(EditionRow, id=row.edition))
        assert edition is not None
        dataset = dataset_from_json(row.dataset)
        return {
            "id": row.id,
            "provider": self._core.identity.did,
            "title": row.title,
            "state": row.state,
            "edition": row.edition,
            "rows": int(edition.header["rows"]),
            "plainBytes": edition.header["plainBytes"],
            "sealedBytes": edition.header["sealedBytes"],
            "tableRows": dataset.rows,
            "billed": billed(dataset, RowTable(edition.rows), row.tier).json(by_bytes=by_bytes(row.brief)),
            "number": edition.number,
            "unchanged": self._underway.unchanged.get(row.id, False),
            "listing": self._underway.listings.get(row.id, ""),
            **({"stands": True} if row.standing else {}),
            **renewal.saving(edition),
        }

    def draft(self, brief: Any) -> ProductRow:
        """Return the product's first row; everything a person can get wrong is refused here."""
        settings, now = self._core.settings, self._core.clock.now()
        brief = briefs.check(brief, self._core.identity.did, settings.compute.engines)
        rules, limits = negotiable.limits(brief, settings.negotiation.rounds_max, self._programs.deployment.currency)
        for each in (rules, *negotiable.others(limits)):
            require_sought(each, settings.trust.sought)
        return ProductRow(
            id=brief.get("id") or str(uuid.uuid4()),
            title=brief["title"],
            tier=brief["tier"],
            edition=None,
            brief=brief,
            renewal=None,
            dataset=None,
            sample=None,
            policy=rules,
            terms=None,
            limits=limits,
            offer=brief.get("offer"),
            blind=blind.draw_salt() if brief.get("unlisted") else None,
            state=ProductState.DRAFT,
            reason=None,
            created=now,
            updated=now,
        )

    async def _advance(self, key: str) -> None:
        with self._underway.seen(key):
            while step := self._steps.get((row := await self._row(key)).state):
                await self._room.prepare(row)  # what cannot be looked up in is registered nowhere
                await step(row)
                async with self._moved:
                    self._moved.notify_all()

    async def _fail(self, key: str, fault: Exception) -> None:
        reason, now = as_reason(fault), self._core.clock.now()

        def act(tx: Tx) -> None:
            row = tx.get(ProductRow, id=key)
            assert row is not None
            if row.state is not ProductState.WITHDRAWN:
                before = repricing.forget(tx, row)
                after = steps.failed(row, reason, now) if before is None else steps.unpriced(row, before, reason, now)
                keep(tx, self._core.evidence, row, after)

        await self._core.store.write(act)
        async with self._moved:
            self._moved.notify_all()

    async def _row(self, key: str) -> ProductRow:
        row = await self._core.store.read(lambda tx: tx.get(ProductRow, id=key))
        assert row is not None
        return row

    async def _seal(self, row: ProductRow) -> None:
        """Describe and seal; the run's key is durable before the first sealed byte."""
        if row.renewal:
            row = steps.renewed(row, self.draft(row.renewal))
        brief = row.brief
        before = await self._former(row)
        number = await self._core.store.read(lambda tx: renewal.next_number(tx, row.id))
        check = await space_rules.asked(self._exchange, row, self._core.identity.did)
        dataset, sample, sealed = await asyncio.to_thread(self._describe_and_seal, row, before, number, check)
        marked = masks.watermarks(brief)
        fresh = renewal.is_new(sealed, before, marked)
        if before is not None and not fresh:
            sealed = await asyncio.to_thread(self._as_before, sealed, before)
        columns = on_table.columns(sealed, brief)
        goods = pricing.goods(dataset, sealed, rows_of(columns, sealed.table))
        tariff = pricing.tariff(brief, goods, self._programs.deployment.currency)
        header = sealed.header
        shared = await self._partnership.sharing(brief.get("project"))
        terms = on_table.terms(self._core, self._space, self._programs, row, sealed, tariff, goods, shared)
        terms |= columns | facts.member(row, dataset, header.number) | on_table.sold(row, dataset)
        now = self._core.clock.now()
        limits = row.limits | pricing.limits(negotiable.widest(brief, row.limits), tariff, goods, now)
        await self._waiting.settle(row.id)  # to seal may have taken long

        def act(tx: Tx) -> bool:
            known = _still(tx, row)
            if known is None or renewal.leaked_since(tx, before):
                return False
            edition, told = sealed.edition_id.hex(), []
            if fresh:
                editions.record(tx, sealed, product=row.id, now=now, watermarks=marked)
                fields = {"rows": str(header.rows), "bytes": str(header.plain_bytes), "layout": header.layout}
                fields |= lineage.note_derived(tx, edition, row.brief.get("derivedFrom") or ())
                told = [Told("edition.sealed", edition, fields)]
            after = steps.sealed(known, row, edition, dataset, sample, terms, limits, now, fresh=fresh)
            self._underway.unchanged[row.id] = history.same(known, after)
            keep(tx, self._core.evidence, known, after, *told)
            if fresh and row.dataset:
                drifting.warn(self._notices, tx, row, dataset, now)
            return True

        if not await self._core.store.write(act) and fresh:
            await asyncio.to_thread(self._throw_away, sealed)  # and it is sealed again without what leaked, or never

    def _throw_away(self, sealed: Sealed) -> None:
        files.remove(sealed.path)
        self._secrets.destroy(sealed.run.key_id)

    def _as_before(self, sealed: Sealed, before: Former) -> Sealed:
        """Throw away an edition with nothing new in it; return what is still on offer in its place."""
        self._throw_away(sealed)
        return replace(sealed, header=before.header, edition_id=before.edition_id, table=before.table)

    def _describe_and_seal(
        self, row: ProductRow, before: Former | None, number: int, check: Callable[[Dataset], None]
    ) -> tuple[Dataset, dict[str, Any] | None, Sealed]:
        brief = row.brief
        source = masked_source(row, self._doors(), self._secrets)
        dataset, _ = described(source, row, self._core.settings.participant.region)
        check(dataset)
        size = renewal.piece_bytes(brief, source, before)
        made = contents(source, dataset, brief, size, self._blobs.folder, packed=before is not None and before.packed)
        seal_as = Brief(
            series=H("series", self._core.identity.did.encode(), row.id.encode()),
            number=number,
            prev=None if before is None else before.edition_id,
            key_holder=self._core.identity.did,
            piece_bytes=size,
            layout=brief.get("layout") or FIXED,
            suite=SUITES[brief.get("suite") or INTERNATIONAL],
            media_type=made.media_type,
            schema=made.schema,
        )
        run = self._secrets.draw_run()
        former = before if dataset.grade <= renewal.GRADE_MAX_REPEATED else None
        now = self._core.clock.now()
        sample = first_rows(source.files, dataset.files, brief.get("sample"))
        progress = self._underway.sealing(row.id).note
        sealed = seal(made.source, run, self._blobs, seal_as, sealed_at=now, progress=progress, former=former)
        return made.dataset, sample, sealed

    async def _register(self, row: ProductRow) -> None:
        """Register the edition on chain under our signature; the event follows the mined transaction."""
        salt = row.blind or b""
        edition = await self._core.store.read(lambda tx: tx.get(EditionRow, id=row.edition))
        assert edition is not None
        own = Edition(bytes.fromhex(edition.id), bytes.fromhex(edition.series), edition.number)
        signed = blind.registered(own, salt)
        deployment = self._programs.deployment
        signature = self._core.identity.sign(digest(deployment.domain("editions"), signed))
        register = acts.register_edition(deployment, signed, signature)
        mined = await self._transactions.submit(f"edition:{edition.id}", register)
        now = self._core.clock.now()

        def act(tx: Tx) -> None:
            if (known := _still(tx, row)) is not None:
                tx.update(EditionRow, {"id": edition.id}, state=VaultState.REGISTERED, register_tx=mined.transaction)
                fields = {"tx": mined.transaction} | ({"blindSalt": salt.hex()} if salt else {})
                told = Told("edition.registered", edition.id, fields)
                keep(tx, self._core.evidence, known, steps.registered(known, now), told)

        await self._core.store.write(act)

    async def _submit(self, row: ProductRow) -> None:
        """Submit the product to the exchange, unless it is to be listed nowhere, or there is none."""
        edition = await self._core.store.read(lambda tx: tx.get(EditionRow, id=row.edition))
        assert edition is not None
        listing = await hand_in(self._exchange, self._resources, row, edition)
        self._underway.listings[row.id] = listing
        now = self._core.clock.now()

        def act(tx: Tx) -> None:
            if (known := _still(tx, row)) is not None:
                repricing.forget(tx, row)
                keep(tx, self._core.evidence, known, steps.on_offer(known, now, waits=listing in WAITS))
                history.keep(tx, row, now)

        await self._core.store.write(act)
        for listener in self.on_offer:
            listener(edition.id)


def _still(tx: Tx, row: ProductRow) -> ProductRow | None:
    """Return the row of a product as it is now, None if it is not where a step found it."""
    known = tx.get(ProductRow, id=row.id)
    return known if known is not None and known.state is row.state else None
