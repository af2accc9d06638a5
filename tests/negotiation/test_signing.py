"""The agreement that a provider draws and a buyer inspects, from rows alone: what is signed, and what is refused."""

import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connector.negotiation import signing
from connector.negotiation.doors import DeclinedError, Participant
from connector.negotiation.protocol import offers
from contracts import agreement as agreements
from contracts import typed_json
from contracts.canonical import canonical
from contracts.labels import H
from contracts.namespace import OFFER_TERMS, SIGNATURE
from contracts.signature import address, sign
from contracts.terms import Terms
from contracts.typed_data import Agreement, digest
from policy.forms.protocol import named
from tests.every import every
from tests.negotiation.cells import negotiation
from tests.negotiation.side import ME, OUR_KEY, PEER, PEER_KEY
from tests.negotiation.world import DOMAIN, POLICY, PRODUCT, START, product_terms

SALT = b"\x07" * 32
NOT_AFTER = datetime(2027, 1, 31, tzinfo=UTC)
SELLER = Participant(PEER.did, "http://peer/dsp", lambda: address(PEER_KEY), lambda told: sign(told, PEER_KEY), DOMAIN)
RULES = offers.rules(POLICY)
OF_OURS = {OFFER_TERMS: {}}  # of an offer whose sender speaks our terms


def table(**changes):
    """Both sides' row of a negotiation that has come to a price of 90; the ids are the provider's."""
    row = {"id": "urn:uuid:a", "peer_pid": "urn:uuid:b", "peer": ME.did, "peer_address": ME.address}
    row |= {"terms": product_terms() | {"policy": RULES}, "mandate": {"units": 10 << 20}, "product": PRODUCT}
    return row | changes


def drawn(me=SELLER, price=90, now=START, **changes):
    return signing.draw(me, negotiation(**table(**changes)), price, SALT, now)


def bought(made, **changes):
    """The buyer's row, with the agreement that came."""
    row = table(id="urn:uuid:b", peer_pid="urn:uuid:a", peer=PEER.did, peer_address=PEER.address, price=90)
    return row | {"agreement": copy.deepcopy(made.odrl), "mandate": None} | changes


def refused(row, words, now=START):
    with pytest.raises(DeclinedError) as caught:
        signing.inspect(ME, negotiation(**row), now)
    assert words in str(caught.value)


# The provider.


def test_terms_that_pay_a_former_account_of_the_provider_are_declined():
    paid = b"\xa1" * 20  # whom the terms pay
    with pytest.raises(DeclinedError, match="another one follows"):
        drawn(replace(SELLER, former=lambda: (b"\x09" * 20, paid)))
    assert drawn(replace(SELLER, former=lambda: (b"\x09" * 20,))).signature
    # a peer that signs none of ours pays no account of ours
    assert drawn(replace(SELLER, former=lambda: (paid,)), peer_address=None).signature is None


def test_a_drawn_agreement_is_signed_and_names_itself():
    made = drawn()
    terms = Terms.from_json(made.terms)
    assert (terms.tariff.minor, terms.salt, made.terms["salt"]) == (90, SALT, SALT.hex())
    assert made.typed == agreements.build(terms, provider=SELLER.address, buyer=ME.address, price_cap=900)
    assert made.digest == digest(DOMAIN, made.typed)
    agreements.check_signature(DOMAIN, made.typed, made.signature, "provider")
    block = {"agreement": typed_json.to_json(made.typed), "signature": made.signature.hex()}
    parties = {"assigner": PEER.did, "assignee": ME.did, "now": START}
    urn = agreements.agreement_urn(made.digest)
    assert made.odrl == offers.agreement(terms, urn=urn, signature=block, **parties)


@pytest.mark.parametrize(
    ("mandate", "cap"),
    [({"units": 10 << 20}, 900), ({"units": "10485760", "periods": "3"}, 2700), ({"units": 1, "cap": "700"}, 700)],
)
def test_the_cap_is_what_is_said_or_what_the_units_of_each_period_cost(mandate, cap):
    assert drawn(mandate=mandate).typed.price_cap == cap


def test_with_a_peer_that_does_not_sign_the_agreement_is_known_by_all_it_says():
    made = drawn(peer_address=None)
    assert (made.typed, made.signature) == (None, None)
    said = {name: value for name, value in made.odrl.items() if name != "@id"}
    told = canonical({"negotiation": ["urn:uuid:a", "urn:uuid:b"], "said": said})
    assert made.digest == H("unsigned-agreement", told)
    assert made.odrl["@id"] == "urn:penstock:agreement:" + made.digest.hex()
    assert SIGNATURE not in made.odrl


def test_an_unsigned_agreement_of_another_negotiation_is_another_one():
    assert drawn(peer_address=None).digest != drawn(peer_address=None, id="urn:uuid:c").digest
    other = drawn(peer_address=None, id="urn:uuid:b", peer_pid="urn:uuid:a")
    assert drawn(peer_address=None).digest == other.digest, "both sides give it one name"


def test_what_may_be_used_no_more_is_not_sold():
    assert drawn(now=NOT_AFTER - timedelta(seconds=1)).typed is not None
    words = "^the product may be used until `2027-01-31T00:00:00Z` only, which has passed$"
    with pytest.raises(DeclinedError, match=words):
        drawn(now=NOT_AFTER)


def test_terms_that_are_none_make_no_agreement():
    with pytest.raises(DeclinedError, match=r"^the terms on offer make no agreement: "):
        drawn(terms=product_terms(tier="soft") | {"policy": RULES})


# The buyer.


def test_what_the_provider_drew_is_what_the_buyer_signs():
    made = drawn()
    assert signing.inspect(ME, negotiation(**bought(made)), START) == made
    assert signing.inspect(ME, negotiation(**bought(made, mandate={})), NOT_AFTER - timedelta(seconds=1)) == made


@pytest.mark.parametrize("name", ["assigner", "assignee", "target"])
def test_an_agreement_of_others_is_named(name):
    row = bought(drawn())
    row["agreement"][name] = "urn:other"
    refused(row, f"the agreement names another `{name}` than was negotiated")


def test_an_agreement_without_signatures_is_for_the_tier_plain_alone():
    plain = {"terms": product_terms(tier="plain") | {"policy": RULES}}
    unsigned = drawn(peer_address=None, offer=OF_OURS, **plain)
    found = signing.inspect(ME, negotiation(**bought(unsigned, **plain)), START)
    assert (found.digest, found.terms, found.typed, found.signature) == (unsigned.digest, unsigned.terms, None, None)
    refused(
        bought(drawn(peer_address=None, offer=OF_OURS)),
        "the agreement is not signed, which only the tier `plain` allows",
    )
    assert signing.inspect(ME, negotiation(**bought(drawn(**plain), **plain)), START).signature is not None


def test_a_peer_of_another_make_gets_rules_alone_and_in_words_that_its_context_knows():
    plain = {"terms": product_terms(tier="plain") | {"policy": RULES}}
    made = drawn(peer_address=None, offer={"@id": "x", "@type": "Offer", **named(RULES)}, **plain)
    around = {"@id", "@type", "target", "assigner", "assignee", "timestamp"}
    assert set(made.odrl) - around == {"permission", "prohibition", "obligation"}
    assert made.odrl["permission"] == named(RULES)["permission"]
    assert made.odrl["obligation"][-1]["action"] == "odrl:compensate"
    said = {name: value for name, value in RULES.items() if name != "conflict"}
    assert (offers.read(made.odrl).policy, offers.read(made.odrl).price) == (said, 90)
    assert made.terms["policy"] == RULES


CHANGES = {
    "a rule less": ({"permission": [{"action": "use"}]}, "`permission`"),
    "another price": ({"obligation": []}, "the price"),
    "a prohibition": ({"prohibition": [{"action": "odrl:print"}]}, "`prohibition`"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_an_agreement_of_another_make_says_what_its_offer_did(change):
    offer = offers.foreign(offers.offer(PRODUCT, RULES, product_terms()))
    changes, words = CHANGES[change]
    agreed = {**offer, "@id": "urn:x", "@type": "Agreement", "assigner": PEER.did, "assignee": ME.did}
    row = bought(drawn(), terms=None, offer=offer) | {"agreement": {**agreed, "target": PRODUCT}}
    assert signing.inspect(ME, negotiation(**row), START).terms is None
    refused(row | {"agreement": {**agreed, "target": PRODUCT} | changes}, words)


def test_an_agreement_without_terms_of_ours_is_known_by_all_it_says():
    row = bought(drawn(), terms=None)
    found = signing.inspect(ME, negotiation(**row), START)
    assert (found.digest, found.odrl) == (
        signing.unsigned_digest(row["agreement"], negotiation(**row)),
        row["agreement"],
    )
    assert (found.terms, found.typed, found.signature) == (None, None, None)


def test_an_agreement_that_is_over_is_not_signed():
    refused(bought(drawn()), "the agreement ends before it begins", NOT_AFTER)


@pytest.mark.parametrize("terms", [None, "x"])
def test_an_agreement_carries_its_terms(terms):
    row = bought(drawn())
    row["agreement"][OFFER_TERMS] = terms
    refused(row, "the agreement carries no terms")


def test_every_changed_term_is_named():
    row = bought(drawn(price=91))
    row["agreement"][OFFER_TERMS]["title"] = "x"
    refused(row, "the agreement changes `tariff`, `title`")


def test_the_rules_beside_the_terms_are_those_of_the_terms():
    row = bought(drawn())
    row["agreement"]["prohibition"] = [{"action": "use"}]
    refused(row, "the agreement's rules differ from its terms in `prohibition`")


def test_terms_that_cannot_be_read_are_not_what_was_negotiated():
    soft = product_terms(tier="soft") | {"policy": RULES}
    row = bought(drawn(), terms=soft)
    row["agreement"][OFFER_TERMS]["tier"] = "soft"
    refused(row, "the agreement is not what was negotiated: ")


def test_a_salt_of_the_mandate_is_the_one_that_is_signed():
    row = negotiation(**bought(drawn(), mandate={"salt": SALT.hex()}))
    assert signing.inspect(ME, row, START).terms["salt"] == SALT.hex()
    refused(bought(drawn(), mandate={"salt": "08" * 32}), "the agreement changes `salt`")


@pytest.mark.parametrize(("cap", "words"), [(900, None), ("900", None), (899, "may cost 9.00 CNY, more than our cap")])
def test_the_cap_of_the_mandate_binds_to_the_unit(cap, words):
    row = bought(drawn(), mandate={"cap": cap})
    if words is None:
        assert signing.inspect(ME, negotiation(**row), START).typed.price_cap == 900
    else:
        refused(row, words)


def changed(name, value):
    def change(row):
        row["agreement"][SIGNATURE][name] = value

    return change


BLOCK_WORDS = "the agreement's signature block has not exactly `agreement` and `signature`"
BLOCKS = {
    "no object": (lambda row: row["agreement"].update({SIGNATURE: 5}), BLOCK_WORDS),
    "more": (changed("more", 1), BLOCK_WORDS),
    "no signature": (lambda row: row["agreement"][SIGNATURE].pop("signature"), BLOCK_WORDS),
    "no hex": (changed("signature", "zz"), "the agreement is not what was negotiated: "),
    "somebody's": (changed("signature", sign(SALT, OUR_KEY).hex()), "the provider's signature is by somebody else"),
    "no agreement": (changed("agreement", {}), "the agreement is not what was negotiated: "),
    "unknown key": (
        lambda row: row.update(peer_address=None),
        "the agreement's provider is not the key of the provider's DID document",
    ),
    "another key": (
        lambda row: row.update(peer_address=ME.address),
        "the agreement's provider is not the key of the provider's DID document",
    ),
    "another name": (
        lambda row: row["agreement"].update({"@id": "urn:x"}),
        "the agreement's `@id` is not the digest that was signed",
    ),
}


@every("name", BLOCKS)
def test_a_signature_that_does_not_stand_is_refused(name):
    change, words = BLOCKS[name]
    row = bought(drawn())
    change(row)
    refused(row, words)


def test_an_agreement_for_another_buyer_is_not_ours():
    refused(bought(drawn(peer_address=b"\x05" * 20)), "the agreement's buyer is not our key")


def test_typed_data_of_other_terms_is_refused():
    row, other = bought(drawn()), drawn(price=80)
    row["agreement"][SIGNATURE] = other.odrl[SIGNATURE]
    row["agreement"]["@id"] = other.odrl["@id"]
    refused(row, "the agreement is not what was negotiated: ")


# What comes back.


def test_a_countersigned_agreement_is_the_buyer_s_word():
    made = drawn()
    signature = sign(made.digest, OUR_KEY)
    row = negotiation(**table(agreement=made.odrl, buyer_signature=signature))
    assert signing.countersigned(SELLER, row) == signature
    assert signing.countersigned(SELLER, replace(row, peer_address=None)) is None
    for wrong in (made.signature, b"", None):
        with pytest.raises(DeclinedError, match=r"^the verification is not signed by the buyer: "):
            signing.countersigned(SELLER, replace(row, buyer_signature=wrong))


def test_the_typed_data_is_what_the_agreement_carries():
    made = drawn()
    assert signing.typed_of(made.odrl) == made.typed
    assert isinstance(made.typed, Agreement)
    assert signing.typed_of({}) is None


def test_a_verification_is_read_back_and_nothing_else_is_one():
    made = drawn()
    row = negotiation(**bought(made) | {"digest": made.digest.hex(), "buyer_signature": made.signature})
    assert SIGNATURE not in signing.verified(replace(row, buyer_signature=None))
    block = signing.verified(row)[SIGNATURE]
    assert block == {"digest": made.digest.hex(), "signature": made.signature.hex()}
    assert signing.read_verification(block, made.digest.hex()) == made.signature
    for wrong in (None, "x", block | {"digest": "00"}, block | {"signature": "00"}, {"digest": made.digest.hex()}):
        assert signing.read_verification(wrong, made.digest.hex()) == b""


def test_nothing_is_signed_in_another_currency_than_the_space_s():
    """The token counts the space's currency alone: neither side signs a price in another one."""
    euros = replace(SELLER, currency="EUR")
    with pytest.raises(DeclinedError, match="the price is in `CNY`, and this space settles in `EUR`"):
        drawn(me=euros)
    row = bought(drawn())
    assert signing.inspect(ME, negotiation(**row), START).typed is not None
    with pytest.raises(DeclinedError, match="the price is in `CNY`, and this space settles in `EUR`"):
        signing.inspect(replace(ME, currency="EUR"), negotiation(**row), START)
