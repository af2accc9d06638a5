"""Two control planes of ours, a data plane for each: what is agreed between the first two moves between the others."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import AsyncExitStack, asynccontextmanager, closing
from urllib.parse import quote

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from connector.client.client import Client
from connector.runtime.data_folder import DATABASE
from connector.runtime.errors import Conflict
from tests.interop import signaling
from tests.interop.planes import ONE, OTHER, UNTIL, contents, running, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

CONTEXT = {"@context": ["https://w3id.org/edc/connector/management/v2"]}
EDC = {"@context": {"@vocab": "https://w3id.org/edc/v0.0.1/ns/"}}
PROTOCOL = "dataspace-protocol-http:2025-1"


class Side:
    """A control plane of ours with its data plane."""

    def __init__(self, control, plane):
        self.control, self.plane = control, plane
        self.key = {"X-Api-Key": (control.data / "management.token").read_text().strip()}

    async def ask(self, method, path, body=None, release="v3", status=200):
        """Ask the Management API of the control plane."""
        context = CONTEXT if release == "v4" else EDC
        told = {} if body is None else {"json": context | body}
        url = f"{self.control.url}/management/{release}/{path}"
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, url, headers=self.key, **told) as answer,
        ):
            assert answer.status == status, await answer.text()
            return await answer.json() if "json" in answer.content_type else None

    async def join(self):
        """Register the two at each other."""
        async with Client(self.plane.data) as penstock:
            told = await penstock.controlplane_add(plane=self.control.did, endpoint=self.control.url + "/signaling")
        await self.ask("PUT", "dataplanes", told["registration"] | {"labels": ["rows"]}, release="v4")

    async def state(self, transfer):
        return (await self.ask("GET", f"transferprocesses/{transfer}"))["state"]

    async def reaches(self, transfer, *states):
        return await until(lambda: self.state(transfer), lambda found: found in states)

    async def flow(self, transfer):
        async with Client(self.plane.data) as penstock:
            return next((row for row in (await penstock.flow_list())["flows"] if row["flow"] == transfer), None)

    async def flows(self, transfer, state):
        """Wait until the data plane is in a state about a transfer."""
        return await until(lambda: self.flow(transfer), lambda row: row is not None and row["state"] == state)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sides(tmp_path_factory):
    folder = tmp_path_factory.mktemp("steering")
    (folder / "one.csv").write_bytes(ONE)
    (folder / "other.csv").write_bytes(OTHER)
    async with AsyncExitStack() as ends:
        people = []
        for name, role in (("a", "provider"), ("b", "buyer"), ("p", "provider"), ("c", "buyer")):
            one = await running(folder / name, role)
            ends.push_async_callback(one.process.stop)
            people.append(one)
        provider, consumer = Side(people[0], people[2]), Side(people[1], people[3])
        async with Client(provider.plane.data) as penstock:
            await penstock.product_publish(
                id="rows", files=[str(folder / "one.csv"), str(folder / "other.csv")], title="Rows", price="0",
                floor="0", unit="MiB", tier="plain", purpose="Research", until=UNTIL,
            )  # fmt: skip
        await provider.join()
        await consumer.join()
        metadata = {"@type": "DataplaneMetadata", "labels": ["rows"], "properties": {"product": "rows"}}
        asset = {"@type": "Asset", "@id": "gauges", "properties": {"name": "Gauges"}, "dataplaneMetadata": metadata}
        await provider.ask("POST", "assets", asset, release="v4")
        policy = {"@type": "Set", "permission": [{"action": "use"}]}
        await provider.ask("POST", "policydefinitions", {"@type": "PolicyDefinition", "@id": "all", "policy": policy})
        both = {"accessPolicyId": "all", "contractPolicyId": "all", "assetsSelector": []}
        await provider.ask("POST", "contractdefinitions", {"@type": "ContractDefinition", "@id": "d", **both})
        yield provider, consumer


async def agreed(sides, asset):
    """Negotiate on an asset; returns the id of the agreement."""
    provider, consumer = sides
    to = {"counterPartyAddress": provider.control.url + "/dsp", "counterPartyId": provider.control.did}
    asked = {"@type": "CatalogRequest", "protocol": PROTOCOL, **to}

    async def offered():
        found = (await consumer.ask("POST", "catalog/request", asked)).get("dataset") or []
        return found if isinstance(found, list) else [found]

    found = await until(offered, lambda datasets: asset in [one["@id"] for one in datasets])
    [dataset] = [one for one in found if one["@id"] == asset]
    offer = dataset["hasPolicy"]
    offer = offer[0] if isinstance(offer, list) else offer
    policy = offer | {"assigner": provider.control.did, "target": asset}
    request = {"@type": "ContractRequest", "protocol": PROTOCOL, "policy": policy, **to}
    negotiation = (await consumer.ask("POST", "contractnegotiations", request))["@id"]
    done = await until(
        lambda: consumer.ask("GET", f"contractnegotiations/{negotiation}"),
        lambda found: found["state"] in ("FINALIZED", "TERMINATED"),
    )
    assert done["state"] == "FINALIZED", done
    return done["contractAgreementId"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def agreement(sides):
    return await agreed(sides, "gauges")


async def begin(sides, agreement, how="HttpData-PULL"):
    provider, consumer = sides
    asked = {"@type": "TransferRequest", "protocol": PROTOCOL, "contractId": agreement, "transferType": how}
    asked |= {"counterPartyAddress": provider.control.url + "/dsp"}
    return (await consumer.ask("POST", "transferprocesses", asked))["@id"]


async def theirs(side, transfer):
    """Return the provider's id of a transfer."""

    async def look():
        found = await side.ask("POST", "transferprocesses/request", {"@type": "QuerySpec", "limit": 500})
        return [one["@id"] for one in found if one.get("correlationId") == transfer]

    return (await until(look, bool))[0]


async def test_an_asset_says_again_what_it_said_of_its_data_planes(sides, agreement):
    provider, _ = sides
    told = await provider.ask("GET", "assets/gauges", release="v4")
    said = {"labels": ["rows"], "properties": {"product": "rows"}}
    assert {name: told["dataplaneMetadata"][name] for name in said} == said
    wrong = {"@type": "DataplaneMetadata", "labels": [7], "properties": {}}
    body = {"@type": "Asset", "@id": "wrong", "properties": {}, "dataplaneMetadata": wrong}
    refused = await provider.ask("POST", "assets", body, release="v4", status=400)
    assert "labels" in refused[0]["message"]
    listed = await provider.ask("GET", "dataplanes")
    assert [(one["@id"], one["labels"]) for one in listed] == [(provider.plane.did, ["rows"])]


@pytest.mark.parametrize("how", ["HttpData-PULL", "HttpData-PUSH"])
async def test_what_two_control_planes_agree_two_data_planes_move(sides, agreement, how):
    provider, consumer = sides
    transfer = await begin(sides, agreement, how)
    assert await consumer.reaches(transfer, "COMPLETED", "TERMINATED") == "COMPLETED"
    row = await consumer.flows(transfer, "COMPLETED")
    assert contents(row["folder"]) == {"one.csv": ONE, "other.csv": OTHER}
    other = await theirs(provider, transfer)
    assert await provider.reaches(other, "COMPLETED", "TERMINATED") == "COMPLETED"
    assert int((await provider.flows(other, "COMPLETED"))["bytes"]) == len(ONE) + len(OTHER)


async def test_whoever_is_killed_goes_on_with_it(sides, agreement):
    provider, consumer = sides
    for who in (consumer.control, provider.control, provider.plane, consumer.plane):
        transfer = await begin(sides, agreement)
        await who.process.kill()
        await who.process.start()
        assert await consumer.reaches(transfer, "COMPLETED", "TERMINATED") == "COMPLETED"
        row = await consumer.flows(transfer, "COMPLETED")
        assert contents(row["folder"]) == {"one.csv": ONE, "other.csv": OTHER}


@pytest.mark.parametrize("how", ["HttpData-PULL", "HttpData-PUSH"])
async def test_what_a_data_plane_answered_before_a_crash_is_asked_again(sides, agreement, how):
    """Each control plane in turn is ended before it keeps the answer to its first message."""
    provider, consumer = sides
    await provider.control.process.kill()
    transfer = await begin(sides, agreement, how)
    await consumer.flows(transfer, "PREPARED")
    await forgets(consumer.control, transfer)
    await consumer.control.process.start()
    await provider.control.process.start()
    assert await consumer.reaches(transfer, "COMPLETED", "TERMINATED") == "COMPLETED"
    row = await consumer.flows(transfer, "COMPLETED")
    assert contents(row["folder"]) == {"one.csv": ONE, "other.csv": OTHER}


async def forgets(control, transfer):
    """End a control plane as if it had not read yet what its data plane answered, nor asked its peer.

    It may have gone on to ask, which nobody heard: the transfer and the request that waits to be sent go together.
    """
    await control.process.kill()
    with closing(sqlite3.connect(control.data / DATABASE)) as db, db:
        assert db.execute("UPDATE steered SET state = '', address = NULL WHERE transfer = ?", (transfer,)).rowcount == 1
        db.execute("DELETE FROM outbox WHERE subject = ?", (transfer,))
        db.execute("DELETE FROM transfers WHERE id = ?", (transfer,))


@asynccontextmanager
async def odd_plane(side, key, begins, **registered):
    """Be a data plane that answers as `begins` says: (its message, a call back) → its answer; yields what it heard."""
    heard = []

    async def call_back(transfer, word, **told):
        url = f"{side.control.url}/signaling/transfers/{transfer}/dataflow/{word}"
        async with aiohttp.ClientSession() as session, session.post(url, json=told, headers=right) as answer:
            heard.append((word, answer.status))

    async def begin_(request):
        body = await request.json()
        heard.append(request.path.rsplit("/", 1)[1])
        signaling.hold(signaling.MESSAGES[heard[-1]], body)
        await agreed_on(body)
        state, address = await begins(body, call_back)
        told = {"messageId": "1", "dataFlowId": body["processId"], "state": state}
        return web.json_response(told | ({"dataAddress": address} if address else {}), status=200)

    async def agreed_on(body):
        """Ask what was agreed, as a data plane may before it begins."""
        url = f"{side.control.url}/signaling/transfers/{body['processId']}/agreement"
        async with aiohttp.ClientSession() as session, session.get(url, headers=right) as answer:
            told = await answer.json()
        signaling.hold(signaling.AGREEMENT, told)
        assert told["target"] == body["datasetId"]

    async def follow(request):
        heard.append(request.path.rsplit("/", 1)[1])
        if request.can_read_body:
            signaling.hold(signaling.MESSAGES.get(heard[-1]), await request.json())
        return web.Response()

    app = web.Application()
    app.router.add_post("/dataflows/{message:prepare|start}", begin_)
    app.router.add_post("/dataflows/{id}/{message}", follow)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "localhost", 0).start()
    told = {"plane": key, "endpoint": f"http://localhost:{runner.addresses[0][1]}", **registered}
    async with Client(side.control.data) as penstock:
        right = {"Authorization": "Bearer " + (await penstock.dataplane_add(**told))["token"]}
    yield heard
    async with Client(side.control.data) as penstock:
        await until(lambda: dismissed(penstock, key), bool)
    await runner.cleanup()


async def dismissed(penstock, key):
    """Forget a data plane; returns False while it still moves something."""
    try:
        return await penstock.dataplane_remove(plane=key)
    except Conflict:
        return False


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def odd(sides):
    """Return an agreement on an asset that data planes of the label `odd` move."""
    provider, _ = sides
    metadata = {"@type": "DataplaneMetadata", "labels": ["odd"], "properties": {}}
    asset = {"@type": "Asset", "@id": "odd", "properties": {"name": "Odd"}, "dataplaneMetadata": metadata}
    await provider.ask("POST", "assets", asset, release="v4")
    return await agreed(sides, "odd")


async def test_a_data_plane_that_is_done_before_it_has_answered(sides, odd):
    provider, consumer = sides

    async def begins(body, call_back):
        await call_back(body["processId"], "completed")
        return "STARTED", None

    async with odd_plane(provider, "hasty", begins, profiles=["HttpData-PUSH"], labels=["odd"]) as heard:
        transfer = await begin(sides, odd, "HttpData-PUSH")
        assert await consumer.reaches(transfer, "COMPLETED", "TERMINATED") == "COMPLETED"
        await provider.reaches(await theirs(provider, transfer), "COMPLETED")
    assert heard == ["start", ("completed", 200)]


async def test_a_data_plane_that_takes_its_time(sides, odd):
    provider, consumer = sides
    later = []

    async def begins(body, call_back):
        later.append(asyncio.create_task(says(body, call_back)))
        return "STARTING", None

    async def says(body, call_back):
        await asyncio.sleep(0.2)
        address = {"@type": "DataAddress", "endpointType": "told", "endpoint": provider.plane.url + "/nothing"}
        await call_back(body["processId"], "started", dataAddress=address)
        await call_back(body["processId"], "errored", error="the disk is full")
        await call_back(body["processId"], "prepared")

    async with odd_plane(provider, "slow", begins, profiles=["HttpData-PULL"], labels=["odd"]) as heard:
        transfer = await begin(sides, odd)
        await consumer.flows(transfer, "STARTED")
        other = await theirs(provider, transfer)
        await until(lambda: provider.ask("GET", f"transferprocesses/{other}"), lambda one: one.get("errorDetail"))
        told = await provider.ask("GET", f"transferprocesses/{other}")
        assert (told["state"], told["errorDetail"]) == ("STARTED", "the disk is full")
        await consumer.ask("POST", f"transferprocesses/{transfer}/terminate", {"reason": "enough"}, status=204)
        await until(lambda: asyncio.sleep(0, heard), lambda found: "terminate" in found)
    assert heard == ["start", ("started", 200), ("errored", 200), ("prepared", 409), "terminate"]


async def fetched(consumer, transfer):
    """Fetch the list of files by a transfer's reference; returns the status."""
    reference = await consumer.ask("GET", f"edrs/{transfer}/dataaddress")
    headers = {"Authorization": reference["authorization"]}
    async with aiohttp.ClientSession() as session, session.get(reference["endpoint"], headers=headers) as answer:
        return answer.status


async def test_a_pause_an_end_and_who_goes_on_reach_the_data_plane(sides, agreement):
    provider, consumer = sides
    await consumer.ask("DELETE", f"dataplanes/{quote(consumer.plane.did)}", status=204)  # its client fetches by itself
    transfer = await begin(sides, agreement)
    await consumer.reaches(transfer, "STARTED")
    other = await theirs(provider, transfer)
    reference = await consumer.ask("GET", f"edrs/{transfer}/dataaddress")
    assert reference["endpoint"].startswith(provider.plane.url)
    assert await fetched(consumer, transfer) == 200
    for who, pid in ((consumer, transfer), (provider, other), (consumer, transfer)):
        await who.ask("POST", f"transferprocesses/{pid}/suspend", {"reason": "a while"}, status=204)
        await provider.flows(other, "SUSPENDED")
        await consumer.reaches(transfer, "SUSPENDED")
        await provider.reaches(other, "SUSPENDED")
        await who.ask("POST", f"transferprocesses/{pid}/resume", status=204)
        await provider.flows(other, "STARTED")
        await consumer.reaches(transfer, "STARTED")
        await provider.reaches(other, "STARTED")
        assert await until(lambda: fetched(consumer, transfer), lambda status: status == 200)
    await consumer.ask("POST", f"transferprocesses/{transfer}/terminate", {"reason": "enough"}, status=204)
    row = await provider.flows(other, "TERMINATED")
    assert row["reason"] == "enough"
    await consumer.join()


async def test_what_a_data_plane_says_of_another_ones_transfer_is_not_heard(sides, agreement):
    provider, consumer = sides
    transfer = await begin(sides, agreement)
    await consumer.flows(transfer, "COMPLETED")
    url = f"{consumer.control.url}/signaling/transfers/{transfer}"
    async with Client(consumer.control.data) as penstock:
        told = await penstock.dataplane_add(plane="other", endpoint=provider.plane.url, profiles=["told"], labels=[])
    async with aiohttp.ClientSession() as session:
        for token, status in (("guessed", 401), (told["token"], 404)):
            headers = {"Authorization": "Bearer " + token}
            async with session.post(url + "/dataflow/completed", json={}, headers=headers) as answer:
                assert answer.status == status
            async with session.get(url + "/agreement", headers=headers) as answer:
                assert answer.status == status
    async with Client(consumer.control.data) as penstock:
        await penstock.dataplane_remove(plane="other")


async def test_a_flow_that_its_data_plane_cannot_give_ends_the_transfer_with_its_words(sides, agreement):
    provider, consumer = sides
    async with Client(provider.plane.data) as penstock:
        await penstock.product_unpublish(product="rows", reason="for a while")
    transfer = await begin(sides, agreement)
    assert await consumer.reaches(transfer, "TERMINATED", "COMPLETED") == "TERMINATED"
    other = await theirs(provider, transfer)
    told = await provider.ask("GET", f"transferprocesses/{other}")
    assert "the data plane refused" in told["errorDetail"]
    await consumer.flows(transfer, "TERMINATED")
    assert await provider.flow(other) is None
