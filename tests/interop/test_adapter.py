"""What stands around the official kit holds together, whether or not the kit can be had."""

from connector.negotiation import reactions
from connector.negotiation.protocol import messages, offers, validation
from connector.negotiation.protocol.states import CONSUMER, PROVIDER
from contracts.namespace import AGREEMENT_URN
from tests.interop import adapter, catalogue, kit

ASKED = {
    "providerId": "X",
    "offerId": "offerACNC0101",
    "datasetId": "ACNC0101",
    "connectorAddress": "http://localhost:1",
}


def test_every_reaction_is_about_something_that_is_seeded():
    rules = reactions.read((kit.HERE / "reactions.json").read_bytes())
    asked = {
        ("negotiation", PROVIDER): catalogue.DATASETS,
        ("negotiation", CONSUMER): [f"ACNC{number}" for number in catalogue.REQUESTS],
        ("transfer", PROVIDER): [catalogue.digest(PROVIDER, number) for number in catalogue.TRANSFERS],
        ("transfer", CONSUMER): [catalogue.digest(CONSUMER, number) for number in catalogue.TRANSFERS],
    }
    for rule in rules:
        names = asked[rule.process, rule.role]
        assert any(rule.fits(rule.process, rule.role, rule.state, name, rule.time) for name in names), rule


def test_an_offer_goes_on_unchanged():
    path, body = adapter.negotiation(ASKED)
    assert path == "/management/negotiations"
    request = messages.contract_request(consumer_pid="a", offer=body["offer"], callback=body["base"])
    validation.check("ContractRequestMessage", request)
    assert (body["offer"]["@id"], body["offer"]["target"]) == ("offerACNC0101", "ACNC0101")


def test_a_transfer_names_the_agreement_by_its_id():
    asked = {"agreementId": catalogue.agreement_id(CONSUMER, "0101"), "format": catalogue.FORMAT}
    _, body = adapter.transfer(asked | ASKED)
    assert body["agreement"].removeprefix(AGREEMENT_URN) == catalogue.digest(CONSUMER, "0101")


def test_the_seeded_offers_are_valid_and_named_as_the_kit_expects():
    for name in catalogue.DATASETS:
        offer = offers.asked(catalogue.product(name))
        assert offer["@id"] == f"CD123:{name}:456"
        ways = [messages.distribution(catalogue.FORMAT, "urn:service")]
        validation.check("Dataset", messages.root_dataset(messages.dataset(name, [offer], ways, {})))
