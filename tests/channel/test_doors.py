"""A deal as it is read from a row of agreements: whole, alive or not, and with the licence that it stands under."""

from __future__ import annotations

from connector.channel import doors
from connector.channel.doors import Deal
from connector.store.rows.agreement import AgreementRow
from contracts import agreement as agreements
from contracts.typed_data import digest
from contracts.typed_json import to_json
from tests.channel.rig import BUYER_DID, KEPT, PAYEE, PAYER, REGISTRY, START, Pair
from tests.every import every

AGREEMENT = agreements.build(KEPT, provider=PAYEE, buyer=PAYER, price_cap=500)
NAME = digest(REGISTRY, AGREEMENT)


def row(**more):
    told = {"digest": NAME.hex(), "agreement": to_json(AGREEMENT), "terms": KEPT.json(), "peer": BUYER_DID}
    rest = {"role": "provider", "negotiation": "", "product": "", "odrl": {}, "state": "", "created": START}
    return AgreementRow(**told | rest | more)


@every("live", [True, False])
@every(("parent", "read"), [({}, None), ({"parent": ""}, None), ({"parent": "0b" * 32}, b"\x0b" * 32)])
def test_a_deal_is_read_from_its_row(parent, read, live):
    found = Deal.of_row(row(**parent), live=live)
    assert found == Deal(NAME, AGREEMENT, KEPT, BUYER_DID, live, read)


def test_nobody_is_told_of_a_contradiction_unless_somebody_listens():
    pair = Pair()
    assert doors._nobody is pair.buyer.contradicted
    assert pair.buyer.contradicted(None, None, "", pair.now) is None
