"""Exchanges in this process, with products on their lists and sources that they harvest."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from hashlib import sha256

import aiohttp

from catalog.codes import TIERS
from catalog.dataset import Dataset, Distribution, dataset_json
from catalog.listing import Move
from catalog.profile import FileProfile
from catalog.question import question
from catalog.source import State
from connector.demo.patience import Patience
from connector.exchange import handed_in, kinds, listings
from connector.exchange.federation import showing, sources
from ledger.edition.header import Header
from tests.api.lone import lone

AT = datetime(2026, 3, 1, tzinfo=UTC)
PROVIDER = "did:web:provider.example"
ALL = {"PENSTOCK_FEDERATION_READERS": "*"}
SECONDS = 20


def exchange(folder, variables=ALL):
    """Run an exchange on a chain of its own."""
    return lone(folder, ("exchange",), variables)


def digest(text):
    return sha256(text.encode()).digest()


def product(key, title="Hourly weather", provider=PROVIDER, edition=1, ask="5"):
    """What a provider hands in."""
    files = (FileProfile("a.csv", "text/csv", 1000),)
    ways = (Distribution("kept", TIERS["kept"].formats[0]),)
    dataset = Dataset(key, title, "every hour, 天气数据", ("weather",), files, ways, 1, region="US-NY")
    header = Header(
        series=digest(provider + key),
        number=edition,
        prev=None if edition == 1 else digest("before"),
        key_holder=provider,
        piece_bytes=1 << 20,
        rows=1,
        sealed_bytes=(1 << 20) + 16,
        plain_bytes=1000,
        root=digest(f"{key}{edition}"),
        table_digest=digest("table"),
        sealed_at=AT,
    )
    name = header.edition_id().hex()
    tariff = {"unit": "byte", "minor": ask, "per": "1000", "currency": "CNY"}
    terms = {"tariff": tariff, "product": key, "title": title, "tier": "kept", "editionId": name}
    policy = {"permission": [{"action": "reproduce"}]}
    offer = {"id": key + "#offer", "ask": ask, "terms": terms, "policy": policy}
    told = {"id": key, "title": title, "tier": "kept", "dataset": dataset_json(dataset), "offer": offer}
    return told | {"header": header.json(), "edition": name}


async def put(connector, *documents, provider=PROVIDER):
    """List products, as if they had been reviewed."""

    def act(tx):
        for document in documents:
            now = connector.clock.now()
            row = listings.submit(tx, connector.evidence, handed_in.listing(document), provider, now)
            for step in (Move.REVIEW, Move.LIST):
                about = {"by": connector.did, "role": "exchange", "reason": "", "now": now}
                listings.move(tx, connector.evidence, row.id, step, **about)

    await connector.store.write(act)
    connector.finding.changed()


async def withdraw(connector, key):
    about = {"by": PROVIDER, "role": "provider", "reason": "over", "now": connector.clock.now()}
    await connector.store.write(lambda tx: kinds.of(key).move(tx, connector.evidence, key, Move.WITHDRAW, **about))
    connector.finding.changed()


async def add(connector, name, address, kind="exchange", **more):
    """Name a source, and read it to its end, for which an operator of a slow machine asks again."""
    await sources.add(connector.core, connector.peers, name, kind, address, **more)
    patience = Patience(lambda: [os.getpid()])
    while (row := await connector.harvesting.now(name))["state"] == State.READING and not patience.is_over():
        pass
    return row


async def indexed(connector):
    """Wait until the index has all that has come in, where a question would wait but a second."""
    patience = Patience(lambda: [os.getpid()])
    await patience.until(connector.finding._level.is_set, "the index", lambda: "it is behind")


async def found(connector, text="", *conditions):
    """Return what members see, best first, after all that has come in so far."""
    connector.finding.changed()
    await indexed(connector)
    keys, total = await connector.finding.keys(question(text, conditions), limit=100, first=0)
    rows = await connector.store.read(lambda tx: showing.page(tx, keys)[0])
    assert total >= len(rows)
    return rows


async def titles(connector, text="", *conditions):
    return sorted(row["title"] for row in await found(connector, text, *conditions))


async def source(connector, name):
    return await connector.store.read(lambda tx: tx.get("sources", name=name))


async def until(holds):
    """Return what comes to hold in this process."""
    patience = Patience(lambda: [os.getpid()])
    while not (result := await holds()):
        assert not patience.is_over(), "nothing gets on any more"
        await asyncio.sleep(0.02)
    return result


async def ask(connector, method, path, body=None):
    """Ask the management interface as its owner."""
    async with aiohttp.ClientSession() as session:
        url = f"{connector.url}/management/{path}"
        async with session.request(method, url, json=body, headers=connector.owner) as answer:
            return answer.status, await answer.json()
