"""Two engines at work on one database, as when a lease was lost unnoticed: a step is one message all the same."""

import asyncio
import random
from collections import defaultdict

import pytest

from connector.negotiation import outbox
from connector.negotiation.envelope import message_digest
from connector.negotiation.protocol import messages
from connector.negotiation.protocol.states import FINAL
from tests.negotiation.world import MANDATE, WAIT_SECONDS, Party, listed_offer

SHORT = MANDATE | {"rounds": 3}
NEGOTIATIONS = 6


class Twin(Party):
    """A second engine on the database of a party that is up; whoever asks reaches one of the two by chance."""

    def __init__(self, elder, chance):
        super().__init__(elder.did.removeprefix("did:web:"), elder.network, elder.clock, elder.path.parent)
        self.elder, self.chance = elder, chance

    async def request(self, path, body, sender):
        return await Party.request(self.chance.choice([self, self.elder]), path, body, sender)

    async def look(self, path, sender):
        return await Party.look(self.chance.choice([self, self.elder]), path, sender)


@pytest.mark.parametrize("number", range(3))
async def test_two_engines_never_say_two_things(pair, network, monkeypatch, number):
    monkeypatch.setattr(outbox, "RETRY_FIRST_SECONDS", 0.005)
    monkeypatch.setattr(outbox, "RETRY_MOST_SECONDS", 0.02)
    chance = random.Random(number)
    provider, buyer = pair
    twin = await Twin(provider, chance).open()
    heard = defaultdict(list)

    async def fault(sender, receiver, path, body, go):
        if receiver is buyer:
            heard[body["consumerPid"], messages.name_of("negotiation", body)].append(message_digest(body))
        if chance.random() < 0.3:
            raise ConnectionResetError
        reply = await go()
        if chance.random() < 0.3:
            raise ConnectionResetError
        return reply

    network.fault = fault
    for _ in range(NEGOTIATIONS):
        await buyer.engine.start_negotiation(provider.did, provider.base, listed_offer(), SHORT)
    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            for engine in (provider.engine, twin.engine):
                engine.wake()  # as time would: each looks at all rows, also those of the other
            rows = [*await provider.rows("negotiations"), *await buyer.rows("negotiations")]
            if len(rows) == 2 * NEGOTIATIONS and all(row["state"] in FINAL for row in rows):
                break
            await asyncio.sleep(0.02)
    await twin.close()
    assert {row["state"] for row in rows} == {"FINALIZED"}
    assert len(heard) == 3 * NEGOTIATIONS  # offer, agreement, finalize
    assert all(len(set(digests)) == 1 for digests in heard.values())
    assert max(map(len, heard.values())) > 1
    assert len(provider.licences) + len(twin.licences) == NEGOTIATIONS
