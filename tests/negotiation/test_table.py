"""What is on the table of a negotiation and what we say to it, each act alone, from rows in memory."""

import pytest

from connector.negotiation import negotiation
from connector.negotiation.doors import DeclinedError, OnTable
from connector.negotiation.protocol import offers
from connector.negotiation.protocol.errors import UnacceptableError, UnknownError
from connector.negotiation.protocol.states import (
    ACCEPTED,
    AGREED,
    CONSUMER,
    FINALIZED,
    NEGOTIATION,
    OFFERED,
    PROVIDER,
    REQUESTED,
    TERMINATED,
)
from contracts.namespace import OFFER_TERMS, SIGNATURE, SUB_LICENCES
from tests.negotiation.cells import OURS, THEIRS, first
from tests.negotiation.side import BASE, ME, PEER, Side, message
from tests.negotiation.world import (
    LIMITS,
    MANDATE,
    POLICY,
    PRODUCT,
    START,
    edition,
    listed_offer,
    product,
    product_terms,
)

CALLBACK = "http://nowhere/dsp"
RULES = offers.rules(POLICY)
TABLE = product_terms() | {"policy": RULES}
SELLS = {"ask": 110, "floor": 85, "rounds": 8, "units": 10 << 20, "policy": RULES}
FOREIGN = {name: value for name, value in listed_offer().items() if name != OFFER_TERMS}
FRESH = {"agreement": None, "digest": None, "price": None}


def selling(side, **changes):
    def act(tx):
        tx.insert("products", **product(**changes))
        tx.insert("editions", **edition())

    side.do(act)
    return side


def asked(side, peer=PEER, **offer):
    body = first(NEGOTIATION, "request", THEIRS, CALLBACK)
    side.receive(NEGOTIATION, body | {"offer": body["offer"] | offer}, None, peer)
    return side.rows("negotiations")[0]


def placed(side, state, role, **columns):
    defaults = FRESH | {"mandate": SELLS if role == PROVIDER else MANDATE}
    return side.place(NEGOTIATION, state, role, **defaults | columns)


def acted(side, name):
    """Do one act of the table of reactions, as a reaction does."""
    side.do(lambda tx: side.negotiations._act(tx, side.negotiations._ours(tx, OURS), name, START))
    return side.row()


def priced(price, offer=None):
    """An offer at a price; its terms say the same."""
    return offers.offer(PRODUCT, POLICY, offers.at_price(product_terms(), price), target=PRODUCT) | (offer or {})


# Ours to begin.


def test_we_ask_within_our_mandate(idle):
    offer = listed_offer()
    pid = idle.do(lambda tx: idle.negotiations.start(tx, PEER.did, CALLBACK, offer, MANDATE, START))
    (row,) = idle.rows("negotiations")
    known = {"id": pid, "role": CONSUMER, "peer": PEER.did, "callback": CALLBACK, "mandate": MANDATE, "rounds": 1}
    known |= {"product": PRODUCT, "own_price": 50, "their_price": 110, "terms": offers.at_price(TABLE, 110)}
    known |= {"state": "", "pending": REQUESTED}
    assert {name: row[name] for name in known} == known
    body = idle.sent["body"]
    assert (body["callbackAddress"], body["consumerPid"], body.get("providerPid")) == (BASE, pid, None)
    assert body["offer"] == row["offer"] == priced(50)
    assert idle.sent["url"] == CALLBACK + "/negotiations/request"


@pytest.mark.parametrize(
    ("offer", "mandate", "words"),
    [
        (
            {name: value for name, value in listed_offer().items() if name != "target"},
            MANDATE,
            "the offer names no `target`; add the id of its dataset",
        ),
        (FOREIGN, MANDATE, "the offer has no terms of ours, which only a mandate for the tier `plain` allows"),
        (listed_offer(), MANDATE | {"bid": 91}, "the buyer's limits contradict themselves: "),
    ],
)
def test_we_ask_for_nothing_beyond_our_mandate(idle, offer, mandate, words):
    with pytest.raises(DeclinedError) as caught:
        idle.do(lambda tx: idle.negotiations.start(tx, PEER.did, CALLBACK, offer, mandate, START))
    assert str(caught.value).startswith(words)
    assert idle.rows("negotiations") == []


def test_a_foreign_offer_without_a_price_is_asked_for_as_it_stands(idle):
    bare = {name: value for name, value in FOREIGN.items() if name != "obligation"}
    mandate = MANDATE | {"tier": "plain"}
    idle.do(lambda tx: idle.negotiations.start(tx, PEER.did, CALLBACK, bare, mandate, START))
    (row,) = idle.rows("negotiations")
    assert (row["terms"], row["their_price"]) == (None, 0)
    assert idle.sent["body"]["offer"] == bare


def test_a_mandate_lets_a_negotiation_that_waits_go_on():
    side = Side()
    side.receive(NEGOTIATION, first(NEGOTIATION, "offer", THEIRS, CALLBACK), None)
    (row,) = side.rows("negotiations")
    known = {"mandate": None, "pending": "", "rounds": 1, "their_price": 110, "own_price": None, "product": PRODUCT}
    known |= {"peer_address": PEER.address, "terms": offers.at_price(TABLE, 110)}
    assert {name: row[name] for name in known} == known
    side.do(lambda tx: side.negotiations.instruct(tx, row["id"], MANDATE, START))
    (row,) = side.rows("negotiations")
    assert (row["mandate"], row["pending"], row["own_price"]) == (MANDATE, REQUESTED, 50)
    with pytest.raises(UnknownError, match=r"^no negotiation has the id `urn:x`$"):
        side.do(lambda tx: side.negotiations.instruct(tx, "urn:x", MANDATE, START))


# A peer's to begin.


def test_a_request_puts_the_product_s_terms_and_limits_on_the_table(idle):
    row = asked(selling(idle))
    known = {"product": PRODUCT, "terms": TABLE, "own_price": 110, "their_price": 110, "rounds": 1}
    known |= {"peer_address": PEER.address, "mandate": LIMITS | {"policy": RULES}, "offer": listed_offer()}
    assert {name: row[name] for name in known} == known


def test_limits_say_how_many_rounds_and_units_or_the_usual_ones_hold(idle):
    row = asked(selling(idle, limits={"ask": "110", "floor": "85"}))
    assert row["mandate"] == {"ask": "110", "floor": "85", "rounds": 8, "units": 1000, "policy": RULES}


def test_without_terms_of_ours_only_a_plain_product_is_sold():
    refusal = "^the tier `kept` needs `https://w3id.org/penstock/ns/terms` and signatures$"
    bare = {"offer": FOREIGN}
    for peer, offer in ((PEER, bare), (type(PEER)("did:web:foreign", None), {})):
        side = selling(Side(reactions={}))
        with pytest.raises(UnacceptableError, match=refusal):
            side.receive(NEGOTIATION, first(NEGOTIATION, "request", THEIRS, CALLBACK) | offer, None, peer)
    side = selling(Side(reactions={}), tier="plain", terms=product_terms(tier="plain"))
    side.receive(NEGOTIATION, first(NEGOTIATION, "request", THEIRS, CALLBACK) | bare, None)
    assert side.rows("negotiations")[0]["peer_address"] is None


def test_an_offer_is_found_by_the_id_it_was_given_where_the_request_names_no_product(idle):
    selling(idle, offer="CONTRACT:7")
    request = {name: value for name, value in listed_offer().items() if name != "target"} | {"@id": "CONTRACT:7"}
    idle.receive(NEGOTIATION, first(NEGOTIATION, "request", THEIRS, CALLBACK) | {"offer": request}, None)
    assert idle.rows("negotiations")[0]["product"] == PRODUCT


def test_an_offer_made_from_a_product_s_id_names_it(idle):
    selling(idle)
    request = {name: value for name, value in listed_offer().items() if name != "target"}
    idle.receive(NEGOTIATION, first(NEGOTIATION, "request", THEIRS, CALLBACK) | {"offer": request}, None)
    assert idle.rows("negotiations")[0]["product"] == PRODUCT


@pytest.mark.parametrize("change", [{"state": "draft"}, {"offer": "CONTRACT:7"}, {"id": "urn:other"}])
def test_what_is_no_offer_of_ours_is_refused_by_its_id(idle, change):
    selling(idle, **change)
    with pytest.raises(UnacceptableError, match=f"^`{PRODUCT}#offer` is not an offer of ours$"):
        asked(idle)


def test_what_a_peer_may_not_see_is_no_offer_of_ours():
    side = selling(Side(reactions={}, sees=lambda tx, row, did: did != PEER.did))
    with pytest.raises(UnacceptableError, match=r"is not an offer of ours$"):
        asked(side)


def test_a_chain_of_sub_licences_is_read_by_its_door():
    def sub_licensed(tx, offer, peer, now):
        assert (offer[SUB_LICENCES], peer, now) == (["a chain"], PEER, START)
        return OnTable(PRODUCT, 110, 110, TABLE, SELLS)

    side = Side(reactions={}, sub_licensed=sub_licensed)
    row = asked(side, **{SUB_LICENCES: ["a chain"]})
    assert (row["rounds"], row["peer_address"], row["mandate"]) == (1, PEER.address, SELLS)
    body = first(NEGOTIATION, "offer", "urn:uuid:more", CALLBACK)
    side.receive(NEGOTIATION, body | {"offer": body["offer"] | {SUB_LICENCES: ["a chain"]}}, None)
    assert len(side.rows("negotiations")) == 2, "an offer with a chain is only taken note of"


# What peers say.


def test_a_price_is_taken_from_the_newest_offer_and_counted_as_a_round(idle):
    placed(idle, OFFERED, PROVIDER, rounds=2, their_price=60)
    idle.receive(NEGOTIATION, message("request", offer=priced(70)))
    row = idle.row()
    assert (row["their_price"], row["rounds"], row["offer"]) == (70, 3, priced(70))
    made = {"negotiation": OURS, "number": 3, "who": CONSUMER, "price": 70, "offer": priced(70), "at": START}
    assert idle.rows("offers_made") == [made]


def test_an_offer_without_a_price_holds_to_the_one_before(idle):
    bare = {name: value for name, value in FOREIGN.items() if name != "obligation"}
    placed(idle, OFFERED, PROVIDER, their_price=60)
    idle.receive(NEGOTIATION, message("request", offer=bare))
    assert idle.row()["their_price"] == 60


@pytest.mark.parametrize("change", [{"@id": "urn:other"}, {SUB_LICENCES: ["a chain"]}])
def test_a_negotiation_stays_about_its_offer(idle, change):
    placed(idle, OFFERED, PROVIDER)
    offer = listed_offer() | change
    with pytest.raises(UnacceptableError, match=f"^`{offer['@id']}` is not the offer this negotiation is about$"):
        idle.receive(NEGOTIATION, message("request", offer=offer))


@pytest.mark.parametrize(("state", "price"), [(ACCEPTED, 90), (REQUESTED, 100)])
def test_an_agreement_is_at_the_price_that_was_accepted_or_asked_for(idle, state, price):
    placed(idle, state, CONSUMER, own_price=100, their_price=90, peer_address=None)
    body = message("agreement", CONSUMER)
    idle.receive(NEGOTIATION, body)
    row = idle.row()
    assert (row["price"], row["agreement"], row["peer_address"]) == (price, body["agreement"], PEER.address)


def test_a_verification_brings_the_buyer_s_signature(idle):
    placed(idle, AGREED, PROVIDER, digest="ab" * 32)
    signed = {SIGNATURE: {"digest": "ab" * 32, "signature": "11" * 65}}
    idle.receive(NEGOTIATION, message("verification", **signed))
    assert idle.row()["buyer_signature"] == b"\x11" * 65


def test_a_termination_has_its_reason_and_an_event_has_none(idle):
    placed(idle, OFFERED, PROVIDER)
    idle.receive(NEGOTIATION, message("accept"))
    assert idle.row()["reason"] == ""
    idle.receive(NEGOTIATION, message("termination"))
    assert (idle.row()["state"], idle.row()["reason"]) == (TERMINATED, "no more")


# The end of an agreement with its negotiation.


@pytest.mark.parametrize("who", ["we", "peer"])
def test_a_negotiation_that_ends_takes_its_agreement_along(idle, who):
    placed(idle, "VERIFIED", CONSUMER, digest="ab" * 32)
    idle.agreement(role=CONSUMER)
    if who == "we":
        idle.do(lambda tx: idle.negotiations.terminate(tx, OURS, "changed our mind", START))
        told, by = idle.row()["reason"], ME.did
    else:
        idle.receive(NEGOTIATION, message("termination", CONSUMER))
        told, by = "no more", PEER.did
    assert [row["state"] for row in idle.rows("agreements")] == ["ended"]
    (event,) = [one for one in idle.recorded if one[0] == "agreement.ended"]
    assert event[1:4] == ("ab" * 32, (), {"reason": told, "by": by})
    assert ("ended", "ab" * 32) in idle.told


@pytest.mark.parametrize("columns", [{"negotiation": "urn:uuid:other"}, {"state": "ended"}])
def test_what_is_over_or_of_another_negotiation_is_not_ended(idle, columns):
    placed(idle, "VERIFIED", CONSUMER, digest="ab" * 32)
    kept = idle.agreement(role=CONSUMER, **columns)
    idle.do(lambda tx: idle.negotiations.terminate(tx, OURS, "x", START))
    assert [row["state"] for row in idle.rows("agreements")] == [kept["state"]]
    assert not [one for one in idle.told if one[0] == "ended"]


def test_a_step_that_ends_nothing_leaves_the_agreement(idle):
    placed(idle, "VERIFIED", CONSUMER, digest="ab" * 32)
    idle.agreement(role=CONSUMER)
    idle.receive(NEGOTIATION, message("finalize", CONSUMER))
    assert (idle.row()["state"], idle.rows("agreements")[0]["state"]) == (FINALIZED, "signed")


def test_a_negotiation_without_an_agreement_ends_alone(idle):
    placed(idle, OFFERED, PROVIDER)
    idle.do(lambda tx: idle.negotiations.terminate(tx, OURS, "x", START))
    assert (idle.row()["pending"], idle.row()["reason"]) == (TERMINATED, "x")


def test_the_usual_limits():
    assert (negotiation.ROUNDS, negotiation.OPENINGS) == (8, 1000)
