"""What we answer to an offer, within our mandate, and how an agreement comes about: each act from rows in memory."""

import pytest

from connector.negotiation import signing
from connector.negotiation.protocol import offers
from connector.negotiation.protocol.states import ACCEPTED, AGREED, CONSUMER, OFFERED, PROVIDER, REQUESTED
from contracts.namespace import OFFER_TERMS, SIGNATURE, SUB_LICENCES
from contracts.signature import sign
from tests.negotiation.cells import OURS, THEIRS, negotiation
from tests.negotiation.side import ME, OUR_KEY, PEER, PEER_KEY, Side
from tests.negotiation.test_signing import NOT_AFTER, SELLER
from tests.negotiation.test_table import FOREIGN, RULES, SELLS, TABLE, acted, placed, priced
from tests.negotiation.world import PRODUCT, START

WIDER = {"permission": [{"action": "use"}], "prohibition": [{"action": "distribute"}], "conflict": "prohibit"}
OF_OURS = {OFFER_TERMS: {}}  # of an offer whose sender speaks our terms
PLAIN = offers.at_price(TABLE, 110) | {"tier": "plain"}


@pytest.fixture
def side():
    return Side(reactions={}, random=lambda count: b"\x07" * count)


def offering(**changes):
    """The columns of a newest offer; the price is in the row, where taking the message has put it."""
    return {"offer": priced(90) | changes, "their_price": 90}


def ended_with(side, words):
    row = side.row()
    assert (side.sent["kind"], row["reason"]) == ("termination", words)


# A price.


def test_a_provider_agrees_at_the_price_it_is_content_with(side):
    placed(side, REQUESTED, PROVIDER, **offering(), own_price=110, rounds=8)
    row = acted(side, "bargain")
    assert (side.sent["kind"], row["price"], row["pending"]) == ("agreement", 90, AGREED)


def test_a_provider_counters_a_price_below_its_limit(side):
    placed(side, REQUESTED, PROVIDER, offer=priced(50), their_price=50, own_price=110, rounds=1)
    row = acted(side, "bargain")
    body = side.sent["body"]
    assert (row["pending"], row["rounds"], row["own_price"]) == (OFFERED, 2, offers.read(body["offer"]).price)
    assert 85 <= row["own_price"] < 110
    assert row["offer"] == body["offer"] == priced(row["own_price"])
    assert (body["providerPid"], body["consumerPid"]) == (OURS, THEIRS)


def test_a_buyer_accepts_a_price_within_its_limit_in_the_last_round(side):
    placed(side, OFFERED, CONSUMER, **offering(), own_price=80, rounds=7)
    row = acted(side, "bargain")
    assert side.sent["body"]["eventType"] == "ACCEPTED"
    assert row["pending"] == ACCEPTED


def test_a_buyer_asks_again_for_less(side):
    placed(side, OFFERED, CONSUMER, offer=priced(110), their_price=110, own_price=50, rounds=2)
    row = acted(side, "bargain")
    body = side.sent["body"]
    assert (row["pending"], row["rounds"]) == (REQUESTED, 3)
    assert 50 < row["own_price"] <= 90
    assert body["offer"] == priced(row["own_price"])
    assert (body["providerPid"], body.get("callbackAddress")) == (THEIRS, None)


def test_no_price_within_the_limits_ends_it_with_the_reason(side):
    placed(side, OFFERED, CONSUMER, offer=priced(95), their_price=95, own_price=90, rounds=8)
    acted(side, "bargain")
    assert side.sent["kind"] == "termination"
    assert "no price" in side.row()["reason"]


def test_nothing_is_answered_before_a_mandate(side):
    placed(side, OFFERED, CONSUMER, **offering(), mandate=None)
    before = side.everything()
    acted(side, "bargain")
    assert side.everything() == before


def test_limits_that_contradict_themselves_end_it(side):
    placed(side, REQUESTED, PROVIDER, **offering(), own_price=None, mandate=SELLS | {"floor": "120"})
    acted(side, "bargain")
    assert side.row()["reason"].startswith("the provider's limits contradict themselves: ")


# Rules.


@pytest.mark.parametrize(("rounds", "ends"), [(7, False), (8, True)])
def test_wider_rules_are_countered_until_the_rounds_are_over(side, rounds, ends):
    wider = {name: value for name, value in priced(90).items() if name not in RULES} | WIDER
    wider["obligation"] = priced(90)["obligation"]
    placed(side, REQUESTED, PROVIDER, offer=wider, their_price=90, own_price=100, rounds=rounds)
    row = acted(side, "bargain")
    if ends:
        return ended_with(side, "the offer's rules do not lie within ours, and the rounds are over")
    assert (side.sent["kind"], row["own_price"]) == ("offer", 100)
    assert row["terms"]["policy"] == offers.rules(side.sent["body"]["offer"]) != WIDER
    return None


def test_rules_beyond_ours_are_not_agreed_by_a_rule_of_the_operator(side):
    wider = {name: value for name, value in priced(90).items() if name not in RULES} | WIDER
    wider["obligation"] = priced(90)["obligation"]
    placed(side, REQUESTED, PROVIDER, offer=wider, their_price=90)
    acted(side, "agree")
    ended_with(side, "the offer's rules do not lie within ours")


def test_what_else_changes_is_named(side):
    changed = {**offers.at_price(TABLE, 90), "title": "x", "leaseSeconds": 1}
    del changed["policy"]
    placed(side, REQUESTED, PROVIDER, **offering(**{OFFER_TERMS: changed}))
    acted(side, "bargain")
    ended_with(side, "the offer changes `leaseSeconds`, `title`; only the price is open to negotiation")


def test_rules_are_open_where_the_mandate_speaks_of_them_alone(side):
    placed(side, OFFERED, CONSUMER, **offering(prohibition=[{"action": "use"}]))
    acted(side, "bargain")
    ended_with(side, "the offer changes `policy`; only the price is open to negotiation")


def test_another_shape_of_the_tariff_is_a_change(side):
    changed = {name: value for name, value in TABLE.items() if name != "policy"}
    changed["tariff"] = changed["tariff"] | {"per": "1", "minor": "90"}
    placed(side, REQUESTED, PROVIDER, **offering(**{OFFER_TERMS: changed}))
    acted(side, "bargain")
    ended_with(side, "the offer changes `tariff`; only the price is open to negotiation")


@pytest.mark.parametrize(("target", "good"), [(None, True), (PRODUCT, True), ("urn:other", False)])
def test_an_offer_stays_about_its_product(side, target, good):
    offer = {name: value for name, value in priced(90).items() if name != "target"}
    offer |= {"target": target} if target else {}
    placed(side, REQUESTED, PROVIDER, offer=offer, their_price=90, own_price=110, rounds=8)
    acted(side, "bargain")
    if good:
        assert side.sent["kind"] == "agreement"
    else:
        ended_with(side, "the offer is about another product")


@pytest.mark.parametrize(("terms", "kind"), [(PLAIN, "agreement"), (TABLE, "termination")])
def test_a_peer_that_does_not_speak_our_terms_gets_a_plain_product_as_it_is(side, terms, kind):
    foreign = FOREIGN | {"target": "urn:other"}
    placed(side, REQUESTED, PROVIDER, offer=foreign, their_price=90, own_price=110, rounds=8, terms=terms)
    acted(side, "bargain")
    assert side.sent["kind"] == kind


# Acts that an operator's rules name.


@pytest.mark.parametrize(("own", "price"), [(100, 100), (None, 90)])
def test_a_side_holds_to_its_price_or_repeats_the_peer_s(side, own, price):
    placed(side, REQUESTED, PROVIDER, **offering(), own_price=own)
    row = acted(side, "counter")
    assert (side.sent["kind"], row["own_price"], row["rounds"]) == ("offer", price, 3)


@pytest.mark.parametrize("name", ["request", "counter", "offer"])
def test_a_buyer_holds_to_its_price_with_a_request(side, name):
    placed(side, OFFERED, CONSUMER, **offering(), own_price=60)
    row = acted(side, name)
    assert (side.sent["kind"], row["own_price"]) == ("request", 60)


def test_a_foreign_offer_goes_back_as_it_came(side):
    placed(side, OFFERED, CONSUMER, offer=FOREIGN, their_price=110, own_price=60, terms=None)
    acted(side, "request")
    assert side.sent["body"]["offer"] == FOREIGN


def test_what_names_an_offer_stays_with_it(side):
    named = {"@id": "CONTRACT:7", SUB_LICENCES: ["a chain"]}
    placed(side, REQUESTED, PROVIDER, **offering(**named))
    acted(side, "counter")
    assert {name: side.sent["body"]["offer"][name] for name in named} == named


BOUNDS = [
    (PROVIDER, REQUESTED, "agree", 85, "agreement", ""),
    (PROVIDER, REQUESTED, "agree", 84, "termination", "the price `84` is below what we may agree to"),
    (CONSUMER, OFFERED, "accept", 90, "accept", ""),
    (CONSUMER, OFFERED, "accept", 91, "termination", "the price `91` is above what we may agree to"),
]


@pytest.mark.parametrize(("role", "state", "name", "price", "kind", "words"), BOUNDS)
def test_no_rule_makes_us_agree_beyond_our_limit(side, role, state, name, price, kind, words):
    placed(side, state, role, offer=priced(price), their_price=price)
    row = acted(side, name)
    assert (side.sent["kind"], row["reason"]) == (kind, words)


@pytest.mark.parametrize("price", [None, 90])
def test_nothing_is_agreed_without_a_mandate(side, price):
    placed(side, OFFERED, CONSUMER, offer=priced(90), their_price=price, mandate=None)
    acted(side, "accept")
    ended_with(side, "nobody has said what we may agree to")


def test_a_price_that_nobody_named_is_none(side):
    placed(side, REQUESTED, PROVIDER, offer=priced(90), their_price=None)
    acted(side, "agree")
    ended_with(side, "the price `0` is below what we may agree to")


# The agreement.


def test_a_provider_signs_what_was_accepted_at_its_own_price(side):
    placed(side, ACCEPTED, PROVIDER, offer=priced(95), own_price=95, their_price=60)
    row = acted(side, "agree")
    drawn = signing.draw(ME, negotiation(**row | {"terms": TABLE}), 95, b"\x07" * 32, START)
    known = {"agreement": drawn.odrl, "digest": drawn.digest.hex(), "terms": drawn.terms, "price": 95}
    known["provider_signature"] = drawn.signature
    assert {name: row[name] for name in known} == known
    assert side.sent["body"]["agreement"] == drawn.odrl


def test_a_salt_that_was_agreed_before_is_used(side):
    placed(side, ACCEPTED, PROVIDER, mandate=SELLS | {"salt": "09" * 32})
    assert acted(side, "agree")["terms"]["salt"] == "09" * 32


@pytest.mark.parametrize(("state", "role", "name"), [(ACCEPTED, PROVIDER, "agree"), (AGREED, CONSUMER, "verify")])
def test_a_policy_that_makes_no_agreement_with_the_buyer_ends_it(state, role, name):
    side = Side(reactions={}, agrees=lambda tx, row, now: "not with you")
    placed(side, state, role)
    acted(side, name)
    ended_with(side, "not with you")


def bought(side, **columns):
    """Put a negotiation in which the provider has sent its agreement; return what it drew."""
    row = {"id": THEIRS, "peer_pid": OURS, "peer": ME.did, "peer_address": ME.address, "terms": TABLE}
    row |= {"mandate": SELLS} | columns
    drawn = signing.draw(SELLER, negotiation(**row), 90, b"\x08" * 32, START)
    known = {"agreement": drawn.odrl, "price": 90, "terms": row["terms"]}
    known["peer_address"] = None if row["peer_address"] is None else PEER.address
    placed(side, AGREED, CONSUMER, **known)
    return drawn


def test_a_buyer_signs_and_keeps_what_it_has_inspected(side):
    drawn = bought(side)
    row = acted(side, "verify")
    signature = sign(drawn.digest, OUR_KEY)
    known = {"digest": drawn.digest.hex(), "provider_signature": drawn.signature, "terms": None, "agreement": None}
    known |= {"buyer_signature": signature, "pending": "VERIFIED"}
    assert {name: row[name] for name in known} == known
    assert side.sent["body"][SIGNATURE] == {"digest": drawn.digest.hex(), "signature": signature.hex()}
    (kept,) = side.rows("agreements")
    known = {"digest": drawn.digest.hex(), "role": CONSUMER, "negotiation": OURS, "peer": PEER.did, "parent": None}
    known |= {"product": PRODUCT, "edition": "04" * 32, "not_after": NOT_AFTER, "state": "signed", "created": START}
    known |= {"odrl": drawn.odrl, "terms": drawn.terms, "agreement": drawn.odrl[SIGNATURE]["agreement"]}
    known |= {"provider_signature": drawn.signature, "buyer_signature": signature}
    assert {name: kept[name] for name in known} == known
    (event,) = side.recorded
    fields = {"provider": PEER.did, "buyer": ME.did, "terms": drawn.terms, "agreement": kept["agreement"]}
    fields |= {"providerSignature": drawn.signature.hex(), "buyerSignature": signature.hex()}
    fields |= {"product": PRODUCT, "negotiation": OURS}
    assert event == ("agreement.signed", drawn.digest.hex(), (), fields, START)


def test_a_buyer_keeps_a_plain_agreement_that_nobody_signed(side):
    terms = PLAIN
    drawn = bought(side, terms=terms, peer_address=None, offer=OF_OURS)
    row = acted(side, "verify")
    assert (row["digest"], row["buyer_signature"], row["provider_signature"]) == (drawn.digest.hex(), None, None)
    assert SIGNATURE not in side.sent["body"]
    (event,) = side.recorded
    assert (event[3]["agreement"], event[3]["providerSignature"], event[3]["buyerSignature"]) == (drawn.odrl, "", "")
    (kept,) = side.rows("agreements")
    assert (kept["agreement"], kept["edition"], kept["not_after"]) == (None, "04" * 32, NOT_AFTER)


def test_an_agreement_without_terms_of_ours_has_no_edition_and_no_end(side):
    drawn = bought(side, terms=PLAIN, peer_address=None)
    side.do(lambda tx: tx.update("negotiations", {"id": OURS}, terms=None, offer=drawn.odrl))
    acted(side, "verify")
    (kept,) = side.rows("agreements")
    assert (kept["terms"], kept["edition"], kept["not_after"], kept["odrl"]) == (None, None, None, drawn.odrl)


def test_an_agreement_is_signed_once(side):
    drawn = bought(side)
    side.agreement(digest=drawn.digest.hex(), negotiation="urn:uuid:before")
    acted(side, "verify")
    ended_with(side, "the agreement was signed before; a new one needs a new salt")
    assert side.recorded == []


def verified(side, mandate=SELLS, signature=None, **columns):
    """Put a negotiation that the buyer has verified; return what we drew."""
    row = {"id": OURS, "peer_pid": THEIRS, "peer": PEER.did, "peer_address": PEER.address, "terms": TABLE}
    row |= {"mandate": mandate} | columns
    drawn = signing.draw(ME, negotiation(**row), 90, b"\x08" * 32, START)
    known = {"agreement": drawn.odrl, "price": 90, "digest": drawn.digest.hex(), "terms": drawn.terms}
    known |= {"provider_signature": drawn.signature, "peer_address": row["peer_address"], "mandate": mandate}
    known["buyer_signature"] = signature or sign(drawn.digest, PEER_KEY)
    placed(side, "VERIFIED", PROVIDER, **known)
    return drawn


def test_a_provider_grants_and_finalizes_what_both_have_signed(side):
    drawn = verified(side)
    acted(side, "finalize")
    assert (side.sent["body"]["eventType"], side.row()["pending"]) == ("FINALIZED", "FINALIZED")
    (kept,) = side.rows("agreements")
    assert (kept["role"], kept["buyer_signature"]) == (PROVIDER, sign(drawn.digest, PEER_KEY))
    assert ("licence", drawn.digest.hex()) in side.told
    (event,) = side.recorded
    assert (event[3]["provider"], event[3]["buyer"]) == (ME.did, PEER.did)


def test_a_peer_that_does_not_sign_gets_no_licence(side):
    verified(side, peer_address=None, terms=PLAIN, signature=b"noise")
    acted(side, "finalize")
    assert side.rows("agreements")[0]["buyer_signature"] is None
    assert side.told == []
    assert side.sent["kind"] == "finalize"


def test_a_sub_licence_is_told_with_the_one_above_it(side):
    drawn = verified(side, SELLS | {"parent": "cd" * 32})
    acted(side, "finalize")
    assert side.rows("agreements")[0]["parent"] == "cd" * 32
    event, digest = side.recorded[1], drawn.digest.hex()
    assert event == ("licence.sublicensed", digest, (digest, "cd" * 32), {"licence": digest, "child": PEER.did}, START)


def test_what_was_signed_before_is_not_kept_again(side):
    drawn = verified(side)
    side.agreement(digest=drawn.digest.hex(), negotiation="urn:uuid:before")
    acted(side, "finalize")
    ended_with(side, "the agreement was signed before")
    assert side.told == []


def test_the_words_of_a_refused_verification_end_it(side):
    verified(side, signature=b"\x11" * 64 + b"\x1b")
    acted(side, "finalize")
    assert side.row()["reason"].startswith("the verification is not signed by the buyer: ")
    assert side.rows("agreements") == []
