"""The journeys of `tractusx-sdk`, in an environment of its own: its provider and consumer services, both releases.

SPACE (JSON) says where they answer; each journey prints one line.
"""

import json
import os
import sys
import time
import urllib.request

from tractusx_sdk.dataspace.services.connector import ServiceFactory

SPACE = json.loads(os.environ["SPACE"])
NS = "https://w3id.org/edc/v0.0.1/ns/"
OLDER, NEWER = "jupiter", "saturn"
CONTEXTS = {
    OLDER: ["https://w3id.org/tractusx/policy/v1.0.0", "http://www.w3.org/ns/odrl.jsonld", {"@vocab": NS}],
    NEWER: [
        "https://w3id.org/catenax/2025/9/policy/odrl.jsonld",
        "https://w3id.org/catenax/2025/9/policy/context.jsonld",
        {"@vocab": NS},
    ],
}
# what a buyer takes an offer for; the newer service takes any, the older fails on its own where none is said
TAKEN = {
    OLDER: [{"odrl:permission": {"odrl:action": {"@id": "odrl:use"}}, "odrl:prohibition": [], "odrl:obligation": []}],
    NEWER: None,
}
WAIT_SECONDS = 30
AT = SPACE["provider"]["url"] + "/dsp"
SOURCE = SPACE["source"] + "/table.csv"


def service(make, release, side):
    headers = {"X-Api-Key": SPACE[side]["key"], "Content-Type": "application/json"}
    told = {"dma_path": "/management", "headers": headers, "verbose": False}
    return make(dataspace_version=release, base_url=SPACE[side]["url"], **told)


def provider_of(release):
    return service(ServiceFactory.get_connector_provider_service, release, "provider")


def buyer_of(release):
    return service(ServiceFactory.get_connector_consumer_service, release, "buyer")


def offered(release, name, permissions):
    """Write asset, policy and definition; wait until a buyer sees it."""
    provider, buyer = provider_of(release), buyer_of(release)
    provider.create_asset(asset_id=name, base_url=SOURCE, dct_type="https://w3id.org/catenax/taxonomy#Table")
    provider.create_policy(policy_id=name, permissions=permissions, context=CONTEXTS[release])
    provider.create_contract(contract_id=name, usage_policy_id=name, access_policy_id=name, asset_id=name)
    member = "dcat:dataset" if release == OLDER else "dataset"
    until = time.monotonic() + WAIT_SECONDS
    whom = {"counter_party_id": SPACE["provider"]["did"], "counter_party_address": AT}
    while not buyer.get_catalog_by_asset_id(asset_id=name, **whom).get(member):
        assert time.monotonic() < until, "it was never offered"
        time.sleep(0.2)
    return buyer, whom


def got(release):
    name = f"tx-{release}"
    buyer, whom = offered(release, name, [{"action": "use"}])
    answer = buyer.do_get_by_asset_id(asset_id=name, policies=TAKEN[release], **whom)
    with urllib.request.urlopen(SOURCE) as source:
        assert (answer.status_code, answer.content) == (200, source.read())


def an_older_connector_service_gets_data():
    got(OLDER)


def a_newer_connector_service_gets_data():
    got(NEWER)


def a_reference_is_renewed():
    name = "tx-renewed"
    buyer, whom = offered(NEWER, name, [{"action": "use"}])
    assert buyer.do_get_by_asset_id(asset_id=name, policies=None, **whom).status_code == 200
    running = buyer.edrs.get_all().json()
    [key] = [one["transferProcessId"] for one in running if one["assetId"] == name]
    answer = buyer.edrs.refresh(key)
    assert answer.status_code == 200, answer.text
    request = urllib.request.Request(answer.json()["endpoint"])
    request.add_header("Authorization", answer.json()["authorization"])
    with urllib.request.urlopen(request) as given, urllib.request.urlopen(SOURCE) as source:
        assert given.read() == source.read()


def an_offer_is_not_taken_for_other_rules():
    name = "tx-other"
    buyer, whom = offered(NEWER, name, [{"action": "use"}])
    rules = {"leftOperand": "count", "operator": "lteq", "rightOperand": "1"}
    others = [{"permission": [{"action": "use", "constraint": [rules]}]}]
    try:
        buyer.do_get_by_asset_id(asset_id=name, policies=others, **whom)
    except Exception:
        return
    raise AssertionError("it was taken")


def an_unknown_constraint_is_refused_by_name():
    rules = {"leftOperand": "nobodyKnows", "operator": "eq", "rightOperand": "x"}
    said = "it was kept"
    try:
        offered(NEWER, "tx-odd", [{"action": "use", "constraint": [rules]}])
    except ValueError as fault:
        said = str(fault)
    assert "nobodyKnows" in said, said


JOURNEYS = (
    an_older_connector_service_gets_data,
    a_newer_connector_service_gets_data,
    a_reference_is_renewed,
    an_offer_is_not_taken_for_other_rules,
    an_unknown_constraint_is_refused_by_name,
)
for journey in JOURNEYS:
    name = journey.__name__.replace("_", " ")
    try:
        journey()
    except Exception as fault:
        sys.stdout.write(f"{name} FAILED: {fault!r}\n"[:2000])
    else:
        sys.stdout.write(f"{name} passed\n")
    sys.stdout.flush()
