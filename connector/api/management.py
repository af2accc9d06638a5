"""The management API: what the command line and, later, the console ask of their own server."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote as quote_path

from catalog.about import LANGUAGES
from connector.api.declared import read
from connector.api.exchange import version_number
from connector.api.faults import as_json
from connector.chain.transactions import Transactions
from connector.client.acts.areas import named
from connector.console.summary import summary
from connector.consumer import spending
from connector.consumer.acquisition import Acquisitions
from connector.consumer.opening import Openings
from connector.exchange.admission import Admission
from connector.exchange.attesting import Attesting
from connector.exchange.cash import CREDIT, Cash
from connector.exchange.reviewer import Reviewer
from connector.identity.space.exchange import ExchangeDoor
from connector.identity.space.view import SpaceView
from connector.licence import pricing
from connector.negotiation.engine import Engine
from connector.negotiation.protocol import messages, validation
from connector.provider import brief as briefs
from connector.provider.offering import Offering
from connector.provider.publication import Publications
from connector.provider.versions import Versions
from connector.runtime.errors import Absent, InvalidInput
from connector.runtime.settings_table import OWN, SPACE
from connector.settlement.claiming import Claiming
from connector.settlement.reporting import Reporting
from connector.settlement.settlement import Settlements
from connector.store.evidence import anchored
from connector.store.rows.agreement import AcquisitionRow, AgreementRow, AlarmRow
from connector.store.rows.catalogue import ListingRow
from connector.store.rows.channel import BundleRow, ChannelRow
from connector.store.rows.product import ProductRow
from connector.store.rows.protocol import NegotiationRow, TransferRow
from contracts import address, price_words
from contracts.decimals import read_decimal
from contracts.namespace import AGREEMENT_URN
from ledger.chain import acts
from ledger.chain.programs import Programs
from ledger.log import checkpoint as checkpoints
from ledger.log import note as notes

if TYPE_CHECKING:
    from aiohttp import web

    from connector.api.call import Call
    from connector.store.table_row import TableRow
    from connector.store.transaction import Tx

# what a mandate says: prices in minor units per `per` of the tariff, and how many messages about them
BOUNDS = ("bid", "limit", "rounds")
ROUNDS_LEAST = 2
WAIT_DIGITS_MAX = 4

# what a summary counts
HOLDS: tuple[type[TableRow], ...] = (
    ProductRow,
    ListingRow,
    AcquisitionRow,
    NegotiationRow,
    AgreementRow,
    TransferRow,
    ChannelRow,
    BundleRow,
    AlarmRow,
)


async def status(call: Call) -> web.Response:
    """Say who this is and what it holds."""
    counts = await call.core.store.read(lambda tx: {kind.TABLE.name: _count(tx, kind.TABLE.name) for kind in HOLDS})
    return as_json(
        {
            "did": call.core.identity.did,
            "name": call.core.settings.participant.name,
            "roles": sorted(call.core.identity.roles),
            "url": call.core.identity.url,
            "origin": call.core.evidence.origin,
            "address": address.show(call.core.identity.keys.address),
            "currency": call.of(SpaceView).known_currency(),
            "development": call.core.settings.server.development,
            "holds": counts,
            "defects": await call.of(Offering).defects(),
            "lapses": await call.of(Claiming).lapses(),
        }
    )


async def log_head(call: Call) -> web.Response:
    """Show the newest own checkpoint, and how much of the log stands on the chain, by whose transaction."""
    note = notes.parse(await call.core.store.write(call.core.evidence.checkpoint))
    head = checkpoints.parse_text(note.text)
    told = {"origin": head.origin, "size": head.size, "root": head.root.hex(), "note": note.encode()}
    anchor = await call.core.store.read(lambda tx: anchored(tx, head.origin))
    if anchor is None:
        return as_json({**told, "anchor": None})
    by = OWN if anchor.tx else SPACE
    return as_json({**told, "anchor": {"size": anchor.size, "block": anchor.block, "by": by}})


async def publish(call: Call) -> web.Response:
    """Publish a product and answer when it is submitted to the exchange."""
    return as_json(await call.of(Publications).publish(await call.object()), 201)


async def begin_publication(call: Call) -> web.Response:
    """Begin to publish a product; where it stands is asked for by its id."""
    brief = await call.object()
    key = await call.of(Publications).begin(brief)
    tariff = pricing.previewed(briefs.check(brief), 1, call.of(SpaceView).last().currency)
    return as_json({"id": key, "price": {lang: price_words.price(tariff, lang) for lang in LANGUAGES}}, 202)


async def publication(call: Call) -> web.Response:
    """Show a product when it is submitted, or after `wait` seconds how far it is."""
    return as_json(await call.of(Publications).wait(call.path["id"], _wait(call)))


async def preview_product(call: Call) -> web.Response:
    """Say what publishing by this brief would offer; nothing is kept."""
    return as_json(await call.of(Publications).preview(await call.object()))


async def roll_back(call: Call) -> web.Response:
    """Offer and list a product as it was: `version` (a number as text), `reason`."""
    told = await call.texts("version", "reason")
    number = version_number(told["version"])
    return as_json(await call.of(Versions).roll_back(call.path["id"], number, told["reason"]))


async def offer(call: Call) -> web.Response:
    """Show what the exchange shows us of one product, with sample rows if they are for us, and `words` of ours."""
    key = quote_path(call.path["id"], safe="")
    told = await call.of(ExchangeDoor).ask("GET", f"/exchange/products/{key}")
    return as_json(told if "limits" in told else {**told, "words": summary(told)})


async def find(call: Call) -> web.Response:
    """Find listed products at the exchange."""
    asked = call.request.rel_url.raw_query_string
    return as_json(await call.of(ExchangeDoor).ask("GET", f"/exchange/search?{asked}"))


async def acquire(call: Call) -> web.Response:
    """Begin, or go on, to get a product."""
    body = await call.members({"id": "text", "product": "text", "mandate": "document"})
    if call.key is not None and call.key.is_agent:
        name = call.key.name
        await call.core.store.read(lambda tx: spending.require_own(tx, name, body["id"]))
    return as_json(await call.of(Acquisitions).acquire(body["id"], body["product"], body["mandate"], call.person), 201)


async def acquisition(call: Call) -> web.Response:
    """Show an acquisition; with `wait` (seconds) and `after` (a mark) only when it has moved on."""
    after = call.request.query.get("after", "")
    return as_json(await call.of(Acquisitions).wait(call.path["id"], after, _wait(call)))


def _wait(call: Call) -> float:
    wait = call.request.query.get("wait", "0")
    if not wait.isdecimal() or len(wait) > WAIT_DIGITS_MAX:
        raise InvalidInput("`wait` is a number of seconds")
    return float(wait)


async def negotiate(call: Call) -> web.Response:
    """Begin a negotiation on an offer of anybody: `provider`, `base` (its DSP address), `offer`, `mandate`."""
    body = await call.members({"provider": "text", "base": "text", "offer": "document", "mandate": "document"})
    bounds = body["mandate"]
    if (
        not all(type(bounds.get(name)) is int and bounds[name] >= 0 for name in BOUNDS)
        or bounds["rounds"] < ROUNDS_LEAST
    ):
        raise InvalidInput("the mandate must have `bid`, `limit` and `rounds` (2 or more), whole numbers")
    await call.core.outbound.vet(body["base"])
    message = messages.contract_request(consumer_pid="urn:uuid:0", offer=body["offer"], callback=body["base"])
    validation.check("ContractRequestMessage", message)
    pid = await call.of(Engine).start_negotiation(body["provider"], body["base"], body["offer"], body["mandate"])
    return as_json({"id": pid}, 201)


async def transfer(call: Call) -> web.Response:
    """Begin a pull under an agreement of ours: `agreement` (its digest or its DSP id), `format`."""
    body = await call.members({"agreement": "text", "format": "text"})
    digest = body["agreement"].removeprefix(AGREEMENT_URN)
    return as_json({"id": await call.of(Engine).start_transfer(digest, body["format"])}, 201)


async def open_replica(call: Call) -> web.Response:
    """Open a replica for a purpose."""
    return as_json(await call.of(Openings).open(await read(named("replica_open"), call), call.person), 201)


async def settle(call: Call) -> web.Response:
    """Settle channels, withdraw what is ours, and show what was sold to the exchange."""
    settled = await call.of(Settlements).settle(**await read(named("settlement_make"), call))
    return as_json(settled | {"shown": str(await call.of(Reporting).tell())})


async def admit(call: Call) -> web.Response:
    """Admit a member."""
    told = await read(named("member_admit"), call)
    return as_json(await call.of(Admission).admit(told["did"], invited=bool(told.get("invite"))), 201)


async def credit(call: Call) -> web.Response:
    """Issue settlement tokens to a member; the same `id`, or `reference` of what it asked for, issues once."""
    body = await call.object()
    amount = read_decimal(body.get("amount"), "amount")
    member = await call.of(SpaceView).member(str(body.get("did")))
    if member is None:
        raise Absent(f"`{body.get('did')}` is not a member", "penstock exchange admit, first")
    programs, reference = call.of(Programs), str(body.get("reference") or "")
    if reference:
        await call.of(Cash).require(reference, member.did, amount)
    key = reference or str(body.get("id") or f"{member.did}:{call.core.clock.now().isoformat()}")
    minting = acts.mint(programs.deployment, member.address, amount)
    mined = await call.of(Transactions).submit(CREDIT + key, minting, anew=bool(reference))
    if reference:
        await call.of(Cash).credited(reference, mined.transaction)
    return as_json({"did": member.did, "amount": str(amount), "currency": call.of(Programs).deployment.currency})


async def review(call: Call) -> web.Response:
    """Review and list a submitted product; a service is listed at the word of the operator who has read it.

    `version`, if it is said, is the one that was read: another one handed in meanwhile is refused. `despite` lists what
    the drawn pieces speak against.
    """
    body = await call.object()
    told, despite = body.get("version"), body.get("despite", False)
    if type(despite) is not bool:
        raise InvalidInput("`despite` is true or false")
    version = None if told is None else version_number(str(told))
    return as_json(await call.of(Reviewer).review(call.path["id"], version, despite=despite))


async def attest(call: Call) -> web.Response:
    """Collect the witnesses' attestation of all anchored heads."""
    return as_json(await call.of(Attesting).attest())


def _count(tx: Tx, table: str) -> int:
    return int(tx.execute(f'SELECT count(*) AS n FROM "{table}"')[0]["n"])  # noqa: S608  # a row of HOLDS
