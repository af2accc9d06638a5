"""The journeys of `edcpy`, in an environment of its own: its calls of the interface's release before the last.

SPACE (JSON) says where they answer; each journey prints one line. Its pull hands the reference to a service of its own
that takes tokens of one signer alone; what it pushes needs none.
"""

import asyncio
import json
import os
import sys
import urllib.parse
import urllib.request

from edcpy import edc_api
from edcpy.config import get_config

SPACE = json.loads(os.environ["SPACE"])
SOURCE = SPACE["source"] + "/table.csv"
WAIT_SECONDS = 30


def config(side):
    place = urllib.parse.urlsplit(SPACE[side]["url"])
    told = {"SCHEME": place.scheme, "HOST": place.hostname, "MANAGEMENT_PORT": str(place.port)}
    told |= {"CONNECTOR_ID": side, "PARTICIPANT_ID": SPACE[side]["did"], "API_KEY": SPACE[side]["key"]}
    os.environ.update({f"EDC_CONNECTOR_{name}": value for name, value in told.items()})
    return get_config()


async def offered(name):
    """Write asset, policy and definition, which selects all assets; wait until a buyer sees it."""
    url, own = SPACE["provider"]["url"] + "/management", config("provider")
    await edc_api.create_asset(url, config=own, uid=name, source_base_url=SOURCE)
    await edc_api.create_policy_definition(url, config=own, uid=name)
    await edc_api.create_contract_definition(url, config=own, policy_definition_id=name, uid=name)
    buyer = edc_api.ConnectorController(config=config("buyer"))
    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            found = await buyer.fetch_catalog(SPACE["provider"]["url"] + "/dsp")
            if name in [one["id"] for one in found.datasets]:
                return buyer
            await asyncio.sleep(0.2)


async def agreed(name):
    buyer = await offered(name)
    whom = (SPACE["provider"]["url"] + "/dsp", SPACE["provider"]["did"])
    return buyer, await buyer.run_negotiation_flow(*whom, name)


async def data_are_pushed():
    buyer, details = await agreed("edcpy-pushed")
    pid = await buyer.run_transfer_flow(
        details, is_provider_push=True, sink_base_url=SPACE["source"], sink_path="/in/edcpy", sink_method="PUT"
    )
    await buyer.wait_for_transfer_process(pid, timeout_secs=WAIT_SECONDS)
    with urllib.request.urlopen(SOURCE) as source, urllib.request.urlopen(SPACE["source"] + "/taken/edcpy") as taken:
        assert taken.read() == source.read()


async def a_second_definition_for_everything_is_taken():
    _, details = await agreed("edcpy-again")
    assert details.contract_agreement_id


JOURNEYS = (data_are_pushed, a_second_definition_for_everything_is_taken)
for journey in JOURNEYS:
    name = journey.__name__.replace("_", " ")
    try:
        asyncio.run(journey())
    except Exception as fault:
        sys.stdout.write(f"{name} FAILED: {fault!r}\n"[:2000])
    else:
        sys.stdout.write(f"{name} passed\n")
    sys.stdout.flush()
