"""Assets: what may be offered, and the plain-copy product that each becomes under its contract definition.

Law: an asset is what its client wrote; its product, of the same id, is as asset and definition say, soon after either
was written (`driver`), and why it is not stands with the asset. What is offered no more is known to nobody; agreements
on it stand. What was agreed on is not removed.
"""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import orjson

from connector.core.driver import Driver
from connector.negotiation.on_offer import ON_OFFER, show
from connector.negotiation.protocol.offers import OFFER_MARK, PLAIN
from connector.negotiation.protocol.states import PROVIDER
from connector.operation.management import query, shape
from connector.operation.management.names import read
from connector.operation.management.query import Field, Query, Table
from connector.operation.management.release_4 import SIGNALED
from connector.operation.management.written import moment, stamped
from connector.provider.assets import data_source
from connector.provider.submission import take_off
from connector.runtime.data_folder import FLOWS
from connector.runtime.errors import Absent, Conflict, explain_failure
from connector.runtime.files import make_folder, write_atomic
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.management import AssetPropertyRow, AssetRow, ContractDefinitionRow, PolicyDefinitionRow
from connector.store.rows.product import ProductRow
from connector.store.table_row import replace
from contracts.canonical import canonical, sha
from contracts.namespace import NS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from connector.core.core import Core
    from connector.identity.space.exchange import ExchangeDoor
    from connector.provider.publication import Publications
    from connector.store.transaction import Tx

KIND: Final = "Asset"
USE: Final = timedelta(days=30 * 365)  # how long what is bought may be used: this interface has no word for it
STATE, REASON = NS + "state", NS + "reason"
OFFERED, WAITING, REFUSED, APART = "offered", "being published", "not published", "in no contract definition"
PROPERTIES_MAX = 100
# by so much of a property an asset is found
FOUND_CHARACTERS_MAX = 4_000
# of one asset: a catalogue shows them all, and looks at each for whoever asks
OFFERS_MAX = 16
OURS: Final = "Penstock"  # what the address of a product calls itself that was published otherwise
# what of a brief a buyer agrees to
ASKED = ("rules", "price")
# who may know of what is offered to nobody at the moment
NOBODY: Final[dict[str, Any]] = {}


def _property(name: str) -> tuple[str, tuple[Any, ...]]:
    """Return what must hold of a property of an asset."""
    within = "EXISTS (SELECT 1 FROM asset_properties WHERE asset = assets.id AND name = ? AND {})"
    return within, (name,)


TABLE: Final = Table("assets", {"id": Field("id"), "createdAt": Field("created", moment)}, _property)


def _told_of(name: str) -> tuple[str, tuple[Any, ...]]:
    """Return what must hold of a property of an asset, or of a product that was published otherwise."""
    said = "SELECT asset, name, value FROM asset_properties UNION ALL SELECT id, 'name', title FROM products"
    return f"EXISTS (SELECT 1 FROM ({said}) AS said WHERE asset = assets.id AND name = ? AND {{}})", (name,)  # noqa: S608  # words of ours


_STATES: Final = ", ".join(f"'{state}'" for state in ON_OFFER)
_OURS: Final = f"SELECT id, created FROM products WHERE state IN ({_STATES}) AND coalesce(access, '') <> '{{}}'"  # noqa: S608  # words of ours
_ALONE: Final = "NOT EXISTS (SELECT 1 FROM assets WHERE assets.id = products.id)"
# what clients see: their assets, and the products that our own commands have published
_EITHER: Final = f"SELECT id, created FROM assets UNION ALL {_OURS} AND {_ALONE}"  # noqa: S608  # words of ours
SEEN: Final = Table(f"({_EITHER}) AS assets", TABLE.fields, _told_of)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one definition offers an asset under: rules, price (minor units), and who may know of it."""

    definition: str
    rules: Mapping[str, Any]
    price: str
    access: dict[str, Any] | None

    def further(self, key: str) -> dict[str, Any]:
        """Return it as one more offer of a product."""
        told = f"{key}{OFFER_MARK}/{self.definition}"
        return {"id": told, "policy": self.rules, "access": self.access, "price": self.price}


class Assets:
    """The assets that clients of the Management API have written."""

    def __init__(self, core: Core, publications: Publications, exchange: ExchangeDoor) -> None:
        self._core, self._publications, self._exchange = core, publications, exchange
        self.driver = Driver("asset", self._advance, self._fail)

    async def recover(self) -> None:
        """Go on with what an earlier run left unfinished."""
        self.wake(row.id for row in await self._core.store.read(lambda tx: tx.find(AssetRow, "due = 1")))

    def wake(self, keys: Iterable[str]) -> None:
        """See to it that products are as assets and definitions say."""
        for key in keys:
            self.driver.hurry(key)

    async def create(self, body: Any) -> dict[str, Any]:
        """Keep an asset, and offer it if a definition selects it; raises Violations, Conflict."""
        row = self._row(body)

        def act(tx: Tx) -> AssetRow:
            if tx.get(AssetRow, id=row.id) is not None:
                raise Conflict(f"an asset `{row.id[:200]}` exists already")
            product = tx.get(ProductRow, id=row.id)
            if product is not None and product.access != NOBODY:
                raise Conflict(f"`{row.id[:200]}` is a product that was published otherwise", "choose another id")
            tx.insert(row)
            return self._placed(tx, row)

        return self._written(await self._core.store.write(act))

    async def change(self, body: Any) -> None:
        """Write an asset anew; where it is offered, its next edition is made of what its address gives now."""
        row = self._row(body)

        def act(tx: Tx) -> AssetRow:
            known = found(tx, row.id)
            tx.change(known, replace(row, created=known.created, published=""))
            return self._placed(tx, replace(row, created=known.created))

        self._written(await self._core.store.write(act))

    async def delete(self, key: str) -> None:
        """Remove an asset that nobody has an agreement on."""

        def require(tx: Tx) -> None:
            found(tx, key)
            if tx.find(AgreementRow, "product = ? and role = ?", (key, PROVIDER), limit=1):
                text = f"the asset `{key[:200]}` is referenced by an agreement"
                raise Conflict(text, "remove its contract definition, and it is offered no more")

        def act(tx: Tx) -> None:
            require(tx)
            tx.delete(AssetRow, id=key)
            tx.execute("DELETE FROM asset_properties WHERE asset = ?", key)

        await self._core.store.read(require)
        await self._hide(key)
        await self._core.store.write(act)

    async def show(self, key: str) -> dict[str, Any]:
        """Return an asset; raises Absent."""
        return self._told(await self._core.store.read(lambda tx: seen(tx, key)))

    async def page(self, spec: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the assets that a query asks for."""
        asked = query.read(spec, SEEN)
        views = await self._core.store.read(lambda tx: [seen(tx, key) for key in query.ids(tx, SEEN, asked)])
        return [self._told(one) for one in views]

    def _told(self, asset: dict[str, Any]) -> dict[str, Any]:
        """Return an asset with what its publication meets and tries again."""
        if (met := self.driver.trouble(asset["@id"])) is not None:
            asset["privateProperties"].setdefault(REASON, met.text)
        return asset

    def _row(self, body: Any) -> AssetRow:
        told = read(body, "an asset")
        shape.require(KIND, told)
        address = told["dataAddress"]
        data_source.place(address)  # its refusal names the member
        if address["type"] == SIGNALED:
            address = {**address, "labels": data_source.labels_of(address)}
        now = self._core.clock.now()
        key = told.get("@id") or str(uuid.uuid4())
        properties = {"id": key} | (told.get("properties") or {})
        if len(properties) > PROPERTIES_MAX:
            raise shape.Violations([shape.Violation(f"an asset has at most {PROPERTIES_MAX} properties", "properties")])
        if long := next((name for name in properties if len(name) > shape.ID_CHARACTERS_MAX), None):
            text = f"the name of a property has more than {shape.ID_CHARACTERS_MAX} characters"
            raise shape.Violations([shape.Violation(text, "properties", long[:100])])
        private = told.get("privateProperties") or {}
        return AssetRow(id=key, properties=properties, private=private, address=address, created=now, updated=now)

    def _placed(self, tx: Tx, row: AssetRow) -> AssetRow:
        """Write what an asset is found by, and that its product is to follow."""
        tx.execute("DELETE FROM asset_properties WHERE asset = ?", row.id)
        for name, value in row.properties.items():
            text = value if isinstance(value, str) else orjson.dumps(value).decode()
            tx.insert(AssetPropertyRow(asset=row.id, name=name, value=text[:FOUND_CHARACTERS_MAX]))
        tx.update(AssetRow, {"id": row.id}, due=1, reason="")
        return row

    def _written(self, row: AssetRow) -> dict[str, Any]:
        self.wake([row.id])
        return stamped(row.id, row.created)

    # ---- its product

    async def _advance(self, key: str) -> None:
        row, wanted = await self._core.store.read(lambda tx: _wanted(tx, key))
        if row is None or not row.due:
            return
        others = [one.further(key) for one in wanted[1:]] or None
        published = await self._publish(row, wanted[0], others) if wanted else await self._hide(key)

        def act(tx: Tx) -> None:
            now = tx.get(AssetRow, id=key)
            show(tx, key, wanted[0].access if wanted else NOBODY, others)
            again = _wanted(tx, key)[1]
            if now is not None and now.updated == row.updated:
                tx.change(now, replace(now, due=int(again != wanted), reason="", published=published))

        await self._core.store.write(act)
        self.driver.wake(key)  # it looks again at what was written meanwhile, and finds nothing due

    async def _publish(self, row: AssetRow, wanted: Wanted, others: list[dict[str, Any]] | None) -> str:
        """Publish the product of an asset, unless it was by just that; return the digest of what it was published by.

        What is offered to others than before, or under other rules, is offered to nobody until it is so.
        """
        brief, access = _brief(row, wanted, await asyncio.to_thread(self._place, row)), wanted.access
        # what everybody may know of is listed, too
        published = sha([brief, access is None]).hex()
        if published == row.published:
            return published
        known = await self._core.store.read(lambda tx: tx.get(ProductRow, id=row.id))
        same = known is None or (known.access == access and all(known.brief.get(one) == brief[one] for one in ASKED))
        if not same:
            await self._hide(row.id)
            await self._publications.publish(brief, NOBODY)
        await self._core.store.write(lambda tx: show(tx, row.id, access, others))
        if same or access is None:
            await self._publications.publish(brief, access)
        return published

    def _place(self, row: AssetRow) -> str:
        """Return where an asset's content is; that of one that a data plane moves says which planes may (blocking)."""
        if row.address["type"] != SIGNALED:
            return data_source.place(row.address)
        told = canonical({"dataset": row.id, "dataPlanes": row.address["labels"]})
        folder = make_folder(self._core.data / FLOWS / "assets")
        write_atomic(path := folder / f"{sha([row.id, row.address['labels']]).hex()}.json", told)
        return str(path)

    async def _hide(self, key: str) -> str:
        """Let nobody know of a product any more, here and at the exchange."""
        known = await self._core.store.read(lambda tx: tx.get(ProductRow, id=key))
        if known is not None:
            await self._core.store.write(lambda tx: show(tx, key, NOBODY, None))
            if known.access is None and not self._exchange.alone:
                await take_off(self._exchange, key, "it is no longer for everybody")
        return ""

    async def _fail(self, key: str, fault: Exception) -> None:
        reason = explain_failure(fault).text

        def act(tx: Tx) -> None:
            if (row := tx.get(AssetRow, id=key)) is not None:
                tx.change(row, replace(row, due=0, reason=reason))

        await self._core.store.write(act)


def selected(selector: Sequence[Any]) -> Query:
    """Return what a definition's criteria ask of assets; raises Violations."""
    return query.read({"filterExpression": list(selector)}, TABLE)


def only(selector: Sequence[Any]) -> str:
    """Return the id of the one asset that checked criteria can select, empty where they can others: most name one."""
    named = [one for one in selector if query.local(one["operandLeft"]) == "id" and one["operator"] == "="]
    return str(named[0]["operandRight"]) if named else ""


def seen(tx: Tx, key: str) -> dict[str, Any]:
    """Return an asset, or a product that was published otherwise as one; raises Absent."""
    product = tx.get(ProductRow, id=key)
    if product is None or not _is_apart(tx, product):
        return view(tx, found(tx, key))
    described = str(product.brief.get("description") or "")
    properties = {"id": key, "name": product.title} | ({"description": described} if described else {})
    address = {"@type": "DataAddress", "type": OURS, "tier": product.tier}
    told = {"properties": properties, "privateProperties": {STATE: OFFERED}, "dataAddress": address}
    return stamped(key, product.created, KIND) | told


def _is_apart(tx: Tx, product: ProductRow) -> bool:
    """Say whether a product was published otherwise; one whose asset is gone is known to nobody."""
    here = product.state in ON_OFFER and product.access != NOBODY
    return here and tx.get(AssetRow, id=product.id) is None


def found(tx: Tx, key: str) -> AssetRow:
    """Return an asset; raises Absent, and Conflict for what was published otherwise."""
    row = tx.get(AssetRow, id=key)
    if row is None and (product := tx.get(ProductRow, id=key)) is not None and _is_apart(tx, product):
        raise Conflict(
            f"`{key[:200]}` was published otherwise", "change it, or take it off, by the way it was published"
        )
    if row is None:
        raise Absent(f"there is no asset `{key[:200]}`")
    return row


def view(tx: Tx, row: AssetRow) -> dict[str, Any]:
    """Return an asset as its client wrote it, and what became of it."""
    product = tx.get(ProductRow, id=row.id)
    state = REFUSED if row.reason else WAITING if row.due else APART
    if product is not None and product.access != NOBODY and product.state in ON_OFFER and state == APART:
        state = OFFERED
    private = row.private | {STATE: state} | ({REASON: row.reason} if row.reason else {})
    address = {"@type": "DataAddress", **row.address}
    told = {"properties": row.properties, "privateProperties": private, "dataAddress": address}
    return stamped(row.id, row.created, KIND) | told


def _wanted(tx: Tx, key: str) -> tuple[AssetRow | None, list[Wanted]]:
    """Return an asset, and what it is to be offered under, as the oldest definition has it first; nothing twice."""
    row = tx.get(AssetRow, id=key)
    found: dict[str, Wanted] = {}
    known = tx.find(ContractDefinitionRow, "asset = ? or asset = ''", (key,), "created, id")
    for one in known if row is not None else ():
        if not _selects(tx, one, key):
            continue
        access, contract = (tx.get(PolicyDefinitionRow, id=name) for name in (one.access, one.contract))
        assert access is not None, "a policy stays while a definition names it"
        assert contract is not None, "a policy stays while a definition names it"
        wanted = Wanted(one.id, contract.rules, contract.price, None if _is_open(access.rules) else access.rules)
        found.setdefault(sha([wanted.rules, wanted.price, wanted.access]).hex(), wanted)
    return row, list(found.values())[:OFFERS_MAX]


def _selects(tx: Tx, definition: ContractDefinitionRow, key: str) -> bool:
    asked = selected(definition.selector)
    sql = f"SELECT 1 AS n FROM assets WHERE id = ? AND {asked.where}"  # noqa: S608  # words of ours, values apart
    return bool(tx.execute(sql, key, *asked.values))


def _is_open(rules: Mapping[str, Any]) -> bool:
    """Say whether an access policy is for everybody: it permits the use, and says nothing else."""
    return set(rules) == {"permission"} and any(set(one) == {"action"} for one in rules["permission"])


def _brief(row: AssetRow, wanted: Wanted, place: str) -> dict[str, Any]:
    said = {name: _line(row.properties.get(name)) for name in ("name", "description")}
    return {
        "id": row.id,
        "files": [place],
        "title": said["name"] or row.id,
        "price": wanted.price,
        "floor": wanted.price,
        "unit": "MiB",
        "tier": PLAIN,
        "rules": wanted.rules,
        "until": (row.created + USE).isoformat(),
    } | ({"description": said["description"]} if said["description"] else {})


def _line(value: Any) -> str:
    text = value if isinstance(value, str) else ""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())[:1_000]
