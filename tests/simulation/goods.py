"""What is traded: a product of rows that cost, the keys of rows, and how a buyer comes to an offer and to keys."""

from __future__ import annotations

from datetime import timedelta
from functools import cache, partial
from types import SimpleNamespace

from connector.channel import tally
from connector.channel.plan import Want
from connector.consumer import next_channel, resting
from connector.consumer.purchase import Purchase
from connector.consumer.quoting import Quote, Whose
from connector.licence.books import Books as RealBooks
from connector.licence.books import transfer_id
from connector.licence.intact import Intact
from connector.negotiation import transfer
from connector.negotiation.agreement import why_over
from connector.negotiation.doors import Participant
from connector.negotiation.engine import Engine
from connector.negotiation.envelope import pids
from connector.negotiation.protocol import data_address
from connector.negotiation.protocol.states import STARTED
from connector.store.rows.console import FactRow
from contracts.address import show
from contracts.ranges import RowSet
from contracts.tariff import amount as priced
from tests.channel.rig import TOKEN, make_table, secret_of
from tests.negotiation.world import POLICY, listed_offer, product

ROWS, PIECE_BYTES = 9, 1000
ASK, FLOOR = 110, 85  # minor units for a piece
EDITION = b"\x04" * 32
FEE_BPS = 1000
PURPOSE = "https://w3id.org/penstock/purpose#Research"


@cache
def table():
    return make_table(ROWS)


def row_of(provider, exchange):
    """The row of the product of a provider, whose address and that of the exchange are paid."""
    split = [{"payee": show(provider), "bps": 10_000 - FEE_BPS}, {"payee": show(exchange), "bps": FEE_BPS}]
    made = product()
    tariff = {"unit": "byte", "minor": str(ASK), "per": str(PIECE_BYTES), "currency": "CNY"}
    terms = made["terms"] | {"split": split, "token": show(TOKEN), "tariff": tariff, "maxExposure": str(ASK * 3)}
    terms |= {"editionId": EDITION.hex(), "lockTtl": 7200, "claimMargin": 1800, "staleMax": 600}
    limits = {"ask": str(ASK), "floor": str(FLOOR), "rounds": 8, "units": table().plain_bytes(0, ROWS)}
    return made | {"id": made["id"], "policy": POLICY, "terms": terms, "limits": limits, "edition": EDITION.hex()}


def offer(row):
    return listed_offer(row)


def worth(tariff, rows):
    """What keys of rows cost under a tariff."""
    return priced(tariff, sum(table().plain_bytes(row, 1) for row in rows))


def engine(core, programs, doors, around):
    """What negotiates; a start brings no address of bytes."""
    identity, domain = core.identity, programs.deployment.domain("licences")
    doors.data_address = lambda _tx, row, _agreement: data_address.write("http://data", {"authorization": row.id})
    me = Participant(identity.did, identity.url + "/dsp", lambda: identity.keys.address, identity.sign, domain)
    patience = timedelta(seconds=core.settings.negotiation.deadline_seconds)
    del around
    return Engine(core.store, core.evidence, me, doors, patience=patience)


class Books(RealBooks):
    """Agreements and transfers as they are; of editions one that everybody knows; keys are kept as facts."""

    def table(self, _tx, edition_id):
        return table() if edition_id == EDITION else None

    def secrets(self, _tx, _edition_id, rows):
        return [secret_of(row) for row in rows]

    def keep(self, tx, agreement, secrets):
        for row, secret in secrets.items():
            tx.put(FactRow(name=f"key:{agreement.hex()}:{row:04}", value={"secret": secret.hex()}))


def kept(tx):
    """Agreement → row → secret, of a buyer."""
    found = {}
    for fact in tx.find(FactRow, "name >= ? and name < ?", ("key:", "key;")):
        _, agreement, row = fact.name.split(":")
        found.setdefault(agreement, {})[int(row)] = bytes.fromhex(fact.value["secret"])
    return found


def books(core, programs):
    standing = SimpleNamespace(over=lambda _tx, row, now: why_over(row, now))
    continuity = SimpleNamespace(touch=lambda _digest: None)
    return Books(core, standing, None, continuity, Intact(programs.deployment.domain("licences")))


def quotes(around):
    """An offer is known to everybody."""

    async def meant(_product, mandate, _asking):
        found = around.offers[mandate["provider"]]
        return Quote(Whose(mandate["provider"], found.url, found.url + "/dsp"), found.offer, ASK, {})

    return SimpleNamespace(meant=meant)


def prospects():
    async def check(*_told):
        """Nothing is looked ahead for."""

    return SimpleNamespace(check=check)


class Pulls:
    """Buys the keys of all rows, acknowledges them, completes the transfer: `Pulls` without the bytes."""

    def __init__(self, core, engine, payments, till):
        self._core, self._engine, self._payments, self._till = core, engine, payments, till

    async def bring(self, row, tell):
        found = await self._core.store.read(lambda tx: transfer.of(tx, row.its_transfer))
        reader_key = self._core.identity.keys.delivery_public
        channel, going = bytes.fromhex(row.its_channel), partial(resting.require_going, row=row)
        purchase = Purchase(self._till, row.its_provider, channel, going=going)
        await purchase.resume(reader_key)
        want = Want(
            bytes.fromhex(row.its_agreement), transfer_id(*pids(found)), tally.KEEP, RowSet(((0, ROWS),)), reader_key,
            {"purpose": PURPOSE},
        )  # fmt: skip
        while await purchase.next(want, further=True) is not None:
            tell()
        try:
            await self._payments.acknowledge(row.its_provider, channel)
        except Exception as fault:
            if not next_channel.says_over(fault):
                raise
        done = await self._core.store.read(lambda tx: transfer.of(tx, row.its_transfer))
        if done.state == STARTED and not done.pending:
            await self._engine.complete_transfer(row.its_transfer)
        return True
