"""Two engines negotiate: the outcome follows from both sides' limits, and both keep the same signed agreement."""

import orjson
import pytest

from connector.negotiation.doors import DeclinedError
from contracts.agreement import agreement_urn, build, verify
from contracts.canonical import load
from contracts.signature import sign
from contracts.terms import Terms
from contracts.typed_data import Agreement, digest
from contracts.typed_json import from_json, to_json
from tests.negotiation.world import DOMAIN, LIMITS, MANDATE, POLICY, agree, ended, listed_offer, product, product_terms


def kinds(network):
    return [body.get("eventType") or body["@type"] for _, _, body in network.sent]


async def test_the_price_is_countered_until_both_agree_and_both_sign(pair, network):
    provider, buyer = pair
    row = await agree(provider, buyer)
    assert row["state"] == "FINALIZED"
    sent = kinds(network)
    assert sent[0] == "ContractRequestMessage"
    assert "ContractOfferMessage" in sent
    assert sent[-3:] == ["ContractAgreementMessage", "ContractAgreementVerificationMessage", "FINALIZED"]
    assert row["price"] == 85  # the floor binds: the provider would have come further down
    kept = [(await party.rows("agreements"))[0] for party in pair]
    assert [one["terms"]["tariff"]["minor"] for one in kept] == ["85", "85"]
    talks = [(await party.rows("negotiations"))[0] for party in pair]
    assert {talk[name] for talk in talks for name in ("agreement", "terms")} == {None}  # they stand in the agreement


async def test_both_keep_one_agreement_that_a_third_party_can_verify(pair):
    provider, buyer = pair
    row = await agree(provider, buyer)
    kept = [(await party.rows("agreements"))[0] for party in (provider, buyer)]
    assert [one["role"] for one in kept] == ["provider", "consumer"]
    for name in ("digest", "terms", "agreement", "odrl", "provider_signature", "buyer_signature", "state"):
        assert kept[0][name] == kept[1][name], name
    one = kept[0]
    typed = from_json(Agreement, one["agreement"])
    signatures = one["provider_signature"], one["buyer_signature"]
    verified = verify(DOMAIN, typed, Terms.from_json(one["terms"]), *signatures)
    assert verified.hex() == one["digest"] == row["digest"]
    assert one["odrl"]["@id"] == f"urn:penstock:agreement:{one['digest']}"
    assert typed.price_cap == 85 * 10  # ten MiB
    assert one["state"] == "signed"
    assert provider.licences == [one["digest"]]
    assert buyer.licences == []


async def test_every_change_of_state_is_an_event_of_its_party(pair):
    provider, buyer = pair
    await agree(provider, buyer)
    for party in pair:
        moves = await party.events("negotiation.moved")
        signed = await party.events("agreement.signed")
        assert len(signed) == 1
        row = (await party.rows("negotiations"))[0]
        assert {move["part"] for move in moves} == {row["id"]}
        assert signed[0]["part"] == row["digest"]
    first, second = [len(await party.events("negotiation.moved")) for party in pair]
    assert first == second >= 6


async def test_nothing_is_left_to_send(pair):
    await agree(*pair)
    for party in pair:
        assert await party.rows("outbox") == []
        row = (await party.rows("negotiations"))[0]
        assert (row["pending"], row["turn"], row["deadline"]) == ("", "", None)


@pytest.mark.parametrize(
    ("limit", "floor", "price"),
    [
        (90, 85, 85),
        (90, 70, 70),
        (65, 60, 65),
        (84, 85, None),
        (85, 85, 85),
    ],
)
async def test_a_changed_limit_changes_the_outcome(pair, limit, floor, price):
    provider, buyer = pair
    limits = LIMITS | {"floor": str(floor)}
    await provider.store.write(lambda tx: tx.update("products", {"id": product()["id"]}, limits=limits))
    row = await agree(provider, buyer, MANDATE | {"limit": limit})
    if price is None:
        assert row["state"] == "TERMINATED"
        assert "no price" in row["reason"]
        assert row["price"] is None
        assert await buyer.rows("agreements") == await provider.rows("agreements") == []
    else:
        assert (row["state"], row["price"]) == ("FINALIZED", price)


async def test_a_buyer_who_takes_the_asked_price_gets_the_agreement_at_once(pair, network):
    provider, buyer = pair
    row = await agree(provider, buyer, {"bid": 110, "limit": 200, "rounds": 8})
    assert row["price"] == 110
    assert kinds(network)[:2] == ["ContractRequestMessage", "ContractAgreementMessage"]


@pytest.mark.parametrize("mandate", [MANDATE | {"bid": 91}, MANDATE | {"rounds": 1}, MANDATE | {"bid": -1}])
async def test_a_mandate_that_contradicts_itself_starts_nothing(pair, mandate):
    provider, buyer = pair
    with pytest.raises(DeclinedError):
        await buyer.engine.start_negotiation(provider.did, provider.base, listed_offer(), mandate)
    assert await buyer.rows("negotiations") == await buyer.rows("outbox") == []


async def test_the_cap_of_the_mandate_binds(pair):
    row = await agree(*pair, MANDATE | {"cap": 849})
    assert row["state"] == "TERMINATED"
    assert "more than our cap" in row["reason"]
    row = next(iter(await pair[1].rows("agreements")), None)
    assert row is None


# tariff, what its product's limits say of the cap → the cap at the agreed price of 85
SHAPES = [
    ({"unit": "byte", "per": str(1 << 20)}, {"cap": "700"}, 700),
    ({"unit": "flat", "per": "1000"}, {"units": 1000}, 85),
    ({"unit": "piece", "per": "1", "tiers": [{"above": "5", "bps": 5000}]}, {"units": 10}, 638),
    ({"unit": "subscription", "per": "10", "of": "opening", "period": "month"}, {"units": 10, "periods": "3"}, 255),
]


@pytest.mark.parametrize(("shape", "limits", "cap"), SHAPES, ids=[f"{one['unit']}-{cap}" for one, _, cap in SHAPES])
async def test_one_number_of_any_tariff_is_negotiated(pair, shape, limits, cap):
    provider, buyer = pair
    tariff = {"minor": "110", "currency": "CNY", **shape}
    row = product(terms=product_terms(tariff=tariff), limits=LIMITS | limits)
    said = {name: row[name] for name in ("terms", "limits")}
    await provider.store.write(lambda tx: tx.update("products", {"id": row["id"]}, **said))
    agreed = await agree(provider, buyer, offer=listed_offer(row))
    assert (agreed["state"], agreed["price"]) == ("FINALIZED", 85)
    (kept,) = await buyer.rows("agreements")
    assert kept["terms"]["tariff"] == tariff | {"minor": "85"}
    assert from_json(Agreement, kept["agreement"]).price_cap == cap


async def forged(pair, network, change, message="ContractAgreementMessage"):
    """Negotiate with every `message` changed on its way; return the buyer's and the provider's rows."""

    def alter(path, body):
        if body["@type"] != message:
            return body
        copy = load(orjson.dumps(body))
        change(copy)
        return copy

    network.altered = alter
    await agree(*pair)
    return [(await party.rows("negotiations"))[0] for party in pair]


TERMS = "https://w3id.org/penstock/ns/terms"
SIGNATURE = "https://w3id.org/penstock/ns/signature"


def set_in(*path, value):
    def change(body):
        for key in path[:-1]:
            body = body[key]
        body[path[-1]] = value

    return change


CHANGES = {
    "price": set_in("agreement", TERMS, "tariff", "minor", value="84"),
    "split": set_in("agreement", TERMS, "split", 0, "payee", value="0x" + "11" * 20),
    "tier": set_in("agreement", TERMS, "tier", value="plain"),
    "exposure": set_in("agreement", TERMS, "maxExposure", value="881"),
    "end": set_in("agreement", TERMS, "notAfter", value="2027-02-01T00:00:00Z"),
    "product": set_in("agreement", TERMS, "product", value="urn:product:other"),
    "rules beside the terms": set_in("agreement", "prohibition", 0, "action", value="use"),
    "rules in the terms": set_in("agreement", TERMS, "policy", "prohibition", value=[]),
    "target": set_in("agreement", "target", value="urn:product:other"),
    "assigner": set_in("agreement", "assigner", value="did:web:other"),
    "assignee": set_in("agreement", "assignee", value="did:web:other"),
    "name": set_in("agreement", "@id", value="urn:penstock:agreement:" + "00" * 32),
    "salt": set_in("agreement", TERMS, "salt", value="00" * 32),
    "no terms": lambda body: body["agreement"].pop(TERMS),
    "no signature": lambda body: body["agreement"].pop(SIGNATURE),
    "signature of another": set_in("agreement", SIGNATURE, "signature", value="11" * 64 + "1b"),
    "signature not hex": set_in("agreement", SIGNATURE, "signature", value="zz"),
    "signature no object": set_in("agreement", SIGNATURE, value=5),
    "cap": set_in("agreement", SIGNATURE, "agreement", "priceCap", value="1"),
    "words": set_in("agreement", SIGNATURE, "agreement", "summary", value="all free"),
    "buyer": set_in("agreement", SIGNATURE, "agreement", "buyer", value="0x" + "11" * 20),
    "price duty": set_in("agreement", "obligation", 0, "constraint", 0, "rightOperand", value="84"),
}


@pytest.mark.parametrize("name", CHANGES)
async def test_the_buyer_refuses_an_agreement_that_is_not_what_was_negotiated(pair, network, name):
    provider, buyer = await forged(pair, network, CHANGES[name])
    assert buyer["state"] == provider["state"] == "TERMINATED"
    assert "agreement" in buyer["reason"]
    for party in pair:
        assert await party.rows("agreements") == []
        assert await party.events("agreement.signed") == []


def resigned(provider, buyer, change, parties=()):
    """What a dishonest provider can do: change the terms, or the `parties` to them, and sign them properly."""

    def alter(body):
        odrl = body["agreement"]
        change(odrl[TERMS])
        terms = Terms.from_json(odrl[TERMS])
        cap = int(odrl[SIGNATURE]["agreement"]["priceCap"])
        keys = {"provider": provider.peer.address, "buyer": buyer.peer.address} | dict(parties)
        typed = build(terms, **keys, price_cap=cap)
        signed = digest(DOMAIN, typed)
        odrl[SIGNATURE] = {"agreement": to_json(typed), "signature": sign(signed, provider.key).hex()}
        odrl["@id"] = agreement_urn(signed)
        odrl["obligation"][0]["constraint"][0]["rightOperand"] = odrl[TERMS]["tariff"]["minor"]
        odrl |= {name: value for name, value in odrl[TERMS]["policy"].items() if name in odrl}

    return alter


SIGNED_CHANGES = {
    "price": (("tariff", "minor"), "84"),
    "per": (("tariff", "per"), "1"),
    "steps": (("tariff", "tiers"), [{"above": "10", "bps": 20_000}]),
    "in advance": (("tariff",), {"unit": "advance", "minor": "85", "per": "1", "currency": "CNY"}),
    "split": (("split", 0, "payee"), "0x1111111111111111111111111111111111111111"),
    "token": (("token",), "0x1111111111111111111111111111111111111111"),
    "exposure": (("maxExposure",), "881"),
    "lock": (("lockTtl",), 3601),
    "unpaid": (("maxUnpaidBytes",), "1"),
    "end": (("notAfter",), "2027-02-01T00:00:00Z"),
    "title": (("title",), "other"),
    "tier": (("tier",), "plain"),
    "rules": (("policy", "permission", 0, "constraint"), []),
}


@pytest.mark.parametrize("name", SIGNED_CHANGES)
async def test_changed_terms_are_refused_however_well_they_are_signed(pair, network, name):
    path, value = SIGNED_CHANGES[name]
    provider, buyer = await forged(pair, network, resigned(*pair, set_in(*path, value=value)))
    assert buyer["state"] == provider["state"] == "TERMINATED"
    assert f"changes `{path[0]}`" in buyer["reason"]
    assert await pair[1].rows("agreements") == []


@pytest.mark.parametrize(("party", "words"), [("buyer", "is not our key"), ("provider", "DID document")])
async def test_an_agreement_of_other_parties_is_refused_however_well_it_is_signed(pair, network, party, words):
    provider, buyer = await forged(pair, network, resigned(*pair, lambda terms: None, {party: b"\x77" * 20}))
    assert buyer["state"] == provider["state"] == "TERMINATED"
    assert words in buyer["reason"]
    assert await pair[0].rows("agreements") == await pair[1].rows("agreements") == []
    assert await pair[1].events("agreement.signed") == []


async def test_the_same_terms_signed_again_are_accepted(pair, network):
    """The control of the test above: it is the change that is refused, not the second signature."""
    provider, buyer = pair
    _, row = await forged(pair, network, resigned(provider, buyer, lambda terms: None))
    assert row["state"] == "FINALIZED"


OFFER_CHANGES = {
    "terms": set_in("offer", TERMS, "maxExposure", value="1"),
    "rules": set_in("offer", "prohibition", value=[{"action": "use"}]),
    "unit": set_in("offer", TERMS, "tariff", "per", value="1"),
    "steps": set_in("offer", TERMS, "tariff", "tiers", value=[{"above": "10", "bps": 20_000}]),
    "target": set_in("offer", "target", value="urn:product:other"),
    "no terms": lambda body: body["offer"].pop(TERMS),
}


@pytest.mark.parametrize("name", OFFER_CHANGES)
async def test_the_buyer_refuses_a_counter_offer_that_changes_more_than_the_price(pair, network, name):
    _, buyer = await forged(pair, network, OFFER_CHANGES[name], "ContractOfferMessage")
    assert buyer["state"] == "TERMINATED"
    assert "offer" in buyer["reason"]


@pytest.mark.parametrize("name", ["terms", "unit", "steps"])
async def test_the_provider_refuses_a_request_that_changes_more_than_the_price_and_the_rules(pair, network, name):
    provider, buyer = await forged(pair, network, OFFER_CHANGES[name], "ContractRequestMessage")
    assert provider["state"] == buyer["state"] == "TERMINATED"
    assert "only the price is open" in buyer["reason"]


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.pop(SIGNATURE),
        set_in(SIGNATURE, "signature", value="11" * 64 + "1b"),
        set_in(SIGNATURE, "signature", value=None),
        set_in(SIGNATURE, "digest", value="00" * 32),
        set_in(SIGNATURE, value="x"),
    ],
)
async def test_the_provider_grants_nothing_without_the_buyers_signature(pair, network, change):
    provider, buyer = await forged(pair, network, change, "ContractAgreementVerificationMessage")
    assert provider["state"] == buyer["state"] == "TERMINATED"
    assert "not signed by the buyer" in buyer["reason"]
    assert pair[0].licences == []
    assert await pair[0].rows("agreements") == []
    assert [row["state"] for row in await pair[1].rows("agreements")] == ["ended"]


async def test_the_provider_of_a_signed_agreement_is_the_key_of_its_did(pair):
    provider, buyer = pair
    from connector.negotiation.doors import Peer

    provider.peer = Peer(provider.did, b"\x77" * 20)
    row = await agree(provider, buyer)
    assert row["state"] == "TERMINATED"
    assert "DID document" in row["reason"]


async def test_a_repeated_agreement_is_not_signed_twice(pair, network):
    provider, buyer = pair
    await agree(provider, buyer)
    before = await buyer.rows("agreements")
    provider.engine.negotiations._doors = type(provider.engine.negotiations._doors)(
        **{
            name: getattr(provider.engine.negotiations._doors, name)
            for name in provider.engine.negotiations._doors.__dataclass_fields__
            if name != "random"
        },
        random=lambda n: bytes.fromhex(before[0]["terms"]["salt"]),
    )
    pid = await buyer.engine.start_negotiation(provider.did, provider.base, listed_offer(), MANDATE)
    row = await buyer.until("negotiations", {"TERMINATED"}, pid)
    assert "signed before" in row["reason"]
    assert await buyer.rows("agreements") == before


async def test_a_plain_product_is_agreed_with_a_peer_that_does_not_sign(pair, network):
    provider, buyer = pair
    row = product()
    plain = product(tier="plain", terms=row["terms"] | {"tier": "plain"})
    await provider.store.write(lambda tx: tx.put("products", **plain))
    foreign = {name: value for name, value in listed_offer(plain).items() if name != TERMS}
    row = await agree(provider, buyer, MANDATE | {"limit": 120, "tier": "plain"}, foreign)
    assert row["state"] == "FINALIZED"
    kept = [(await party.rows("agreements"))[0] for party in pair]
    assert kept[0]["digest"] == kept[1]["digest"]
    assert kept[0]["provider_signature"] is kept[1]["provider_signature"] is kept[0]["buyer_signature"] is None
    assert provider.licences == []


async def test_no_other_tier_is_agreed_without_signatures(pair):
    provider, buyer = pair
    foreign = {name: value for name, value in listed_offer().items() if name != TERMS}
    with pytest.raises(DeclinedError, match="plain"):
        await buyer.engine.start_negotiation(provider.did, provider.base, foreign, MANDATE)
    await buyer.engine.start_negotiation(provider.did, provider.base, foreign, MANDATE | {"tier": "plain"})
    row = await buyer.until("negotiations", {"TERMINATED"})
    assert "signatures" in row["reason"]
    assert await provider.rows("negotiations") == []


async def test_an_offer_of_ours_keeps_the_rules_of_the_product():
    offer = listed_offer()
    assert offer["permission"] == POLICY["permission"]
    assert offer["prohibition"] == POLICY["prohibition"]


async def test_the_licence_program_being_out_of_reach_ends_the_negotiation(pair):
    provider, buyer = pair
    provider.licence_fault = DeclinedError("licences cannot be granted now")
    row = await agree(provider, buyer)
    assert row["state"] == "TERMINATED"
    assert "cannot be granted now" in row["reason"]
    for party in pair:
        assert [kept["state"] for kept in await party.rows("agreements")] == ["ended"]
        assert len(await party.events("agreement.ended")) == 1


async def test_a_buyer_ends_what_it_no_longer_wants(pair):
    provider, buyer = pair
    provider.engine.negotiations._reactions = {}
    pid = await buyer.engine.start_negotiation(provider.did, provider.base, listed_offer(), MANDATE)
    await buyer.until("negotiations", {"REQUESTED"})
    await buyer.engine.operating.terminate(pid, "found it elsewhere")
    rows = await ended(provider, buyer)
    assert [row["reason"] for row in rows] == ["found it elsewhere"] * 2
