"""What we build is valid by our own schemas and comes back as what it was."""

from datetime import UTC, datetime

import pytest

from connector.negotiation.protocol import data_address, messages, offers, states, validation
from connector.negotiation.protocol.errors import MalformedError
from contracts.address import NOBODY, show
from contracts.namespace import OFFER_TERMS
from contracts.terms import Terms
from tests.every import every

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TERMS = {
    "v": 1,
    "product": "urn:product:a",
    "title": "a",
    "editionId": "04" * 32,
    "tariff": {"unit": "byte", "minor": "110", "per": "1048576", "currency": "CNY"},
    "token": show(b"\xc3" * 20),
    "split": [{"payee": show(b"\xa1" * 20), "bps": 10000}],
    "maxExposure": "880",
    "lockTtl": 3600,
    "claimMargin": 600,
    "staleMax": 600,
    "maxUnpaidBytes": "1048576",
    "tier": "kept",
    "leaseSeconds": 0,
    "arbitrator": show(NOBODY),
    "notAfter": "2027-01-31T00:00:00Z",
}
POLICY = {
    "@id": "urn:policy",
    "@type": "Set",
    "uid": "urn:policy",
    "permission": [{"action": "use", "duty": [{"action": "inform"}]}],
    "prohibition": [],
    "obligation": [{"action": "delete"}],
}
PRODUCT = {"id": "urn:product:a", "policy": POLICY, "terms": TERMS, "limits": {"ask": "120"}}
OFFER = offers.asked(PRODUCT, target="urn:product:a")
SERVICE = messages.data_service("urn:service", "http://x/dsp")
DATASET = messages.dataset(
    "urn:product:a",
    [offers.asked(PRODUCT)],
    [messages.distribution("HttpData-PULL", "urn:service")],
    {"title": "a"},
)
AGREED = offers.agreement(
    Terms.from_json({**TERMS, "policy": offers.rules(POLICY), "salt": "00" * 32}),
    urn="urn:agreement",
    assigner="did:p",
    assignee="did:c",
    now=NOW,
)
BUILT = {
    "ContractRequestMessage": [
        messages.contract_request(consumer_pid="c", offer=OFFER, callback="http://c/dsp"),
        messages.contract_request(consumer_pid="c", offer=OFFER, provider_pid="p"),
    ],
    "ContractOfferMessage": [
        messages.contract_offer(provider_pid="p", offer=OFFER, callback="http://c/dsp"),
        messages.contract_offer(provider_pid="p", offer=OFFER, consumer_pid="c"),
    ],
    "ContractAgreementMessage": [messages.contract_agreement("p", "c", AGREED)],
    "ContractAgreementVerificationMessage": [messages.verification("p", "c")],
    "ContractNegotiationEventMessage": [messages.event("accept", "p", "c"), messages.event("finalize", "p", "c")],
    "ContractNegotiationTerminationMessage": [
        messages.ending(states.NEGOTIATION, "termination", "p", "c"),
        messages.ending(states.NEGOTIATION, "termination", "p", "c", code="x", reasons=["why"]),
    ],
    "ContractNegotiation": [messages.ack(states.NEGOTIATION, "p", "c", "REQUESTED")],
    "ContractNegotiationError": [
        messages.error(states.NEGOTIATION, "p", "c", "x", ["why"]),
        messages.error(states.NEGOTIATION, "", "", "x", []),
    ],
    "TransferRequestMessage": [messages.transfer_request("c", "urn:agreement", "f", "http://c/dsp")],
    "TransferStartMessage": [
        messages.transfer_start("p", "c"),
        messages.transfer_start("p", "c", data_address.write("http://d", {})),
        messages.transfer_start("p", "c", data_address.write("http://d", {"authorization": "x"})),
    ],
    "TransferCompletionMessage": [messages.transfer_completion("p", "c")],
    "TransferSuspensionMessage": [messages.ending(states.TRANSFER, "suspension", "p", "c", reasons=["why"])],
    "TransferTerminationMessage": [messages.ending(states.TRANSFER, "termination", "p", "c")],
    "TransferProcess": [messages.ack(states.TRANSFER, "p", "c", "SUSPENDED")],
    "TransferError": [messages.error(states.TRANSFER, "p", "c", "x", ["why"])],
    "CatalogError": [messages.catalog_error("x", [])],
    "Catalog": [
        messages.catalog("urn:c", "did:p", [SERVICE], [DATASET]),
        messages.catalog("urn:c", "did:p", [], []),
        messages.catalog("urn:c", "did:p", [SERVICE], [], [{"@id": "urn:d", "@type": "Catalog"}]),
    ],
    "Dataset": [messages.root_dataset(DATASET)],
    "VersionResponse": [messages.version_document("/dsp", "urn:service")],
}


@every("kind", BUILT)
def test_what_we_build_is_valid(kind):
    for document in BUILT[kind]:
        validation.check(kind, document)
        if kind != "VersionResponse":
            assert document["@context"] == [messages.CONTEXT]


def test_everything_that_can_be_built_is_checked_here():
    assert set(BUILT) == set(validation.SCHEMA_OF) - {"CatalogRequestMessage", "DatasetRequestMessage"}


@every(("process", "name"), list(messages.TYPE_OF))
def test_a_message_is_known_by_its_name(process, name):
    built = BUILT[messages.TYPE_OF[process, name]]
    assert name in {messages.name_of(process, document) for document in built}


@pytest.mark.parametrize("base", ["http://p/dsp", "http://p/dsp/"])
def test_addresses(base):
    assert messages.address(base, "negotiation", "request", None) == "http://p/dsp/negotiations/request"
    assert messages.address(base, "transfer", "start", "urn:uuid:1") == "http://p/dsp/transfers/urn:uuid:1/start"
    assert messages.address(base, "transfer", "start", "../x?y#z") == "http://p/dsp/transfers/..%2Fx%3Fy%23z/start"


def test_rules_are_what_the_policy_says_and_nothing_else():
    said = offers.rules(POLICY)
    assert said == {"permission": POLICY["permission"], "obligation": POLICY["obligation"]}
    assert offers.rules(OFFER) == offers.rules(AGREED) == said
    assert offers.rules(said) == said


def test_an_offer_comes_back_as_what_it_proposes():
    proposal = offers.read(OFFER)
    assert (proposal.offer, proposal.target, proposal.price) == ("urn:product:a#offer", "urn:product:a", 120)
    assert proposal.policy == offers.rules(POLICY)
    assert offers.differences(proposal.terms, TERMS) == ["tariff"]
    assert offers.at_price(proposal.terms, 110) == TERMS
    assert "target" not in offers.asked(PRODUCT)


def test_a_foreign_offer_says_its_price_as_a_duty_or_not_at_all():
    foreign = {name: value for name, value in OFFER.items() if name != OFFER_TERMS}
    assert offers.read(foreign).price == 120
    assert offers.read(foreign).terms is None
    silent = {name: value for name, value in foreign.items() if name != "obligation"}
    assert offers.read(silent).price is None


@pytest.mark.parametrize("amount", ["12a", "-1", "01", "", "9" * 50])
def test_a_price_that_is_no_number_is_refused(amount):
    constraint = {"leftOperand": "payAmount", "operator": "eq", "rightOperand": amount}
    foreign = {"@id": "o", "obligation": [{"action": "compensate", "constraint": [constraint]}]}
    with pytest.raises(MalformedError):
        offers.read(foreign)


def test_the_explanation_names_the_place():
    broken = messages.contract_request(consumer_pid="c", offer={**OFFER, "permission": []}, callback="http://c")
    with pytest.raises(MalformedError, match="`offer/permission`"):
        validation.check("ContractRequestMessage", broken)
    assert "ContractRequestMessage" in validation.explain("ContractRequestMessage", {})


@every("name", ["providerPid", "consumerPid", "callbackAddress", "agreementId", "format"])
@every("value", [None, 7, [], {}])
def test_a_member_of_another_message_is_nobodys(name, value):
    message = {"@context": [messages.CONTEXT], "@type": "CatalogRequestMessage", name: value}
    validation.check("CatalogRequestMessage", message)


def test_an_explanation_is_short_whatever_it_explains():
    broken = messages.verification("p", "c") | {"providerPid": ["x" * 100_000]}
    assert len(validation.explain("ContractAgreementVerificationMessage", broken)) < 500


def test_an_offer_of_another_vocabulary_goes_with_its_context():
    constraint = {"leftOperand": "edc:MembershipCredential", "operator": "eq", "rightOperand": "active"}
    offer = {"@id": "o1", "target": "p1", "permission": [{"action": "use", "constraint": [constraint]}]}
    pids = {"consumer_pid": "c1", "provider_pid": "p1"}
    for build in (messages.contract_request, messages.contract_offer):
        assert build(**pids, offer=offer)["@context"] == [messages.CONTEXT, "https://w3id.org/edc/dspace/v0.0.1"]
        assert build(**pids, offer={"@id": "o1"})["@context"] == [messages.CONTEXT]
