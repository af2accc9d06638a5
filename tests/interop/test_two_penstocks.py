"""What scripts a connector for the kit scripts one against another Penstock: two processes, both roles each, one end.

One side runs by the kit's own reactions, the other by rules as an operator may have them.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest_asyncio

from connector.client.server import Server
from connector.demo.processes import SERVE, Participant, free_ports
from connector.negotiation.protocol import offers
from connector.negotiation.protocol.states import CONSUMER, PROVIDER
from connector.net.outbound import Outbound
from connector.operation.initialise import initialise
from contracts.namespace import AGREEMENT_URN
from tests.interop import adapter, catalogue

KIT_REACTIONS = Path(__file__).with_name("reactions.json")
END_SECONDS = 30

# what the operator of the other side says; where no rule fits, it bargains, verifies, finalizes and starts by itself
HELD = ("ACNC0201", "ACNC0202", "ACNC0301")
SOLD_AT_ONCE = ("ACNC0104", "ACNC0203", "ACNC0206")
OPERATOR = [
    {"process": "negotiation", "role": "consumer", "about": "ACN0102", "state": "OFFERED", "act": "counter"},
    {"process": "negotiation", "role": "consumer", "about": "ACN0304", "state": "OFFERED", "act": "counter"},
    {"process": "negotiation", "role": "consumer", "about": "ACN020[45]", "state": "OFFERED", "act": "hold"},
    {"process": "negotiation", "role": "consumer", "about": "ACN0302", "state": "OFFERED", "act": "terminate"},
    {"process": "negotiation", "role": "consumer", "about": "ACN0203", "state": "AGREED", "act": "hold"},
    *(
        {"process": "negotiation", "role": "provider", "about": each, "state": "REQUESTED", "act": "hold"}
        for each in HELD
    ),
    *(
        {"process": "negotiation", "role": "provider", "about": each, "state": "REQUESTED", "act": "agree"}
        for each in SOLD_AT_ONCE
    ),
    {"process": "negotiation", "role": "provider", "state": "REQUESTED", "time": 1, "act": "offer"},
    {"process": "negotiation", "role": "provider", "state": "REQUESTED", "time": 2, "act": "terminate"},
    {"process": "transfer", "role": "consumer", "about": "*0204", "state": "STARTED", "time": 1, "act": "suspend"},
    {"process": "transfer", "role": "consumer", "about": "*0204", "state": "SUSPENDED", "act": "resume", "delay": 50},
    {"process": "transfer", "role": "consumer", "about": "*0204", "state": "STARTED", "time": 2, "act": "complete"},
    {"process": "transfer", "role": "provider", "about": "*0205", "state": "REQUESTED", "act": "hold"},
]

# product → where both sides come to rest; those of ACNC are sold by the operator's side
NEGOTIATIONS = {
    "ACN0101": "FINALIZED", "ACN0102": "TERMINATED", "ACN0103": "FINALIZED", "ACN0104": "FINALIZED",
    "ACN0201": "TERMINATED", "ACN0202": "REQUESTED", "ACN0203": "AGREED", "ACN0204": "OFFERED", "ACN0205": "TERMINATED",
    "ACN0206": "TERMINATED", "ACN0207": "TERMINATED", "ACN0302": "TERMINATED", "ACN0303": "ACCEPTED",
    "ACN0304": "REQUESTED",
    "ACNC0101": "FINALIZED", "ACNC0102": "TERMINATED", "ACNC0103": "TERMINATED", "ACNC0104": "FINALIZED",
    "ACNC0201": "REQUESTED", "ACNC0202": "TERMINATED", "ACNC0203": "TERMINATED", "ACNC0204": "OFFERED",
    "ACNC0206": "FINALIZED",
}  # fmt: skip
# seller of the agreement and its number → where both sides come to rest
TRANSFERS = {
    ("kit", "0101"): "TERMINATED", ("kit", "0102"): "COMPLETED", ("kit", "0103"): "TERMINATED",
    ("kit", "0104"): "COMPLETED", ("kit", "0105"): "TERMINATED", ("kit", "0202"): "STARTED",
    ("kit", "0204"): "COMPLETED", ("kit", "0301"): "REQUESTED",
    ("operator", "0201"): "TERMINATED", ("operator", "0202"): "COMPLETED", ("operator", "0203"): "TERMINATED",
    ("operator", "0205"): "TERMINATED", ("operator", "0301"): "STARTED",
}  # fmt: skip
PRICE = {"obligation": offers.foreign(offers.asked(catalogue.product("any")))["obligation"]}
OTHER = {"kit": "operator", "operator": "kit"}
# whose agreement it is, in its digest
MARK = {"kit": PROVIDER, "operator": CONSUMER}


class Side:
    """One connector: its process, its settings, and the door of its operator."""

    def __init__(self, data, port, outbound):
        roles = ("provider", "buyer")
        self.own = initialise(
            data, name="Side", roles=roles, region="US-NY", port=port, exchange=None, development=True
        )
        self.process = Participant(data)
        self.door = Server(data, outbound)

    @property
    def base(self):
        return self.own.url + "/dsp"

    def states(self, table, about):
        """Return (role, `about`) → (state, under way) of what this test began."""
        uri = f"file:{self.process.data / 'penstock.db'}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True)) as database:
            rows = database.execute(f"SELECT role, {about}, state, pending FROM {table} WHERE created > ?", (SEEDED,))
            return {(role, name): (state, pending) for role, name, state, pending in rows}


SEEDED = int(catalogue.SEEDED.timestamp() * 1_000_000)


@pytest_asyncio.fixture
async def sides(tmp_path):
    """Both connectors, seeded with products and with agreements of which each is sold by one to the other."""
    rules = tmp_path / "operator.json"
    rules.write_text(json.dumps({"reactions": OPERATOR}))
    async with Outbound(development=True) as outbound:
        ports = dict(zip(OTHER, free_ports(2), strict=True))
        made = {name: Side(tmp_path / name, ports[name], outbound) for name in OTHER}
        for name, side in made.items():
            file, peer = (KIT_REACTIONS if name == "kit" else rules), made[OTHER[name]]
            side.process.command = (*SERVE, "--reactions", str(file))
            pairs = [
                [row | {"role": PROVIDER if seller == name else CONSUMER} for row in agreed]
                for seller, number in TRANSFERS
                for agreed in [catalogue.agreed(MARK[seller], number, peer.base, peer.own.did)]
            ]
            sold = [product for product in NEGOTIATIONS if product.startswith("ACNC") is (name == "operator")]
            await catalogue.write(side.process.data, sold, pairs)
        try:
            await asyncio.gather(*(side.process.start() for side in made.values()))
            yield made
        finally:
            await asyncio.gather(*(side.process.stop() for side in made.values()))


async def begin(sides):
    """Let each side ask for what the other sells, as their operators would."""
    for product in NEGOTIATIONS:
        seller = "operator" if product.startswith("ACNC") else "kit"
        asked = {"offerId": catalogue.offer_id(product), "datasetId": product}
        asked |= {"providerId": sides[seller].own.did, "connectorAddress": sides[seller].base}
        begun = adapter.negotiation(asked)[1]
        begun["offer"] |= PRICE  # of the other side, which is held to it
        await sides[OTHER[seller]].door.call("POST", "negotiations", begun)
    for seller, number in TRANSFERS:
        body = {"agreement": AGREEMENT_URN + catalogue.digest(MARK[seller], number), "format": catalogue.FORMAT}
        await sides[OTHER[seller]].door.call("POST", "transfers", body)


def expected(name):
    """Return where everything of one side comes to rest: its negotiations and its transfers."""
    negotiations = {
        (PROVIDER if product.startswith("ACNC") is (name == "operator") else CONSUMER, product): (state, "")
        for product, state in NEGOTIATIONS.items()
    }
    transfers = {
        (PROVIDER if seller == name else CONSUMER, catalogue.digest(MARK[seller], number)): (state, "")
        for (seller, number), state in TRANSFERS.items()
    }
    return negotiations, transfers


async def test_both_sides_come_to_rest_where_the_rules_lead(sides):
    await begin(sides)
    wanted, found = {name: expected(name) for name in sides}, {}
    for _ in range(END_SECONDS * 10):
        found = {
            name: (side.states("negotiations", "product"), side.states("transfers", "agreement"))
            for name, side in sides.items()
        }
        if found == wanted:
            break
        await asyncio.sleep(0.1)
    assert found == wanted
    await asyncio.sleep(0.5)  # longer than any delay of the rules: what rests goes on resting
    for name, side in sides.items():
        assert side.states("negotiations", "product") == wanted[name][0]
        assert side.states("transfers", "agreement") == wanted[name][1]
