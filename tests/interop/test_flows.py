"""Data flows between two data planes of ours, as two control planes of another make have them run (decision 0177)."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import timedelta

import aiohttp
import pytest
import pytest_asyncio

from connector.client.client import Client
from connector.custody import bearers
from connector.operation.signaling.profiles import PULL, PUSH
from connector.runtime.clock import Clock
from connector.runtime.errors import Unproven
from tests.interop import signaling
from tests.interop.planes import (
    ONE,
    OTHER,
    UNTIL,
    about,
    beginning,
    control_plane,
    foreign,
    properties,
    pull,
    recorded,
    running,
    until,
    with_token,
)  # fmt: skip

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def planes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("flows")
    provider, consumer = await running(folder, "provider"), await running(folder, "buyer")
    (folder / "one.csv").write_bytes(ONE)
    (folder / "other.csv").write_bytes(OTHER)
    try:
        async with Client(provider.data) as penstock:
            for name, files, tier in (
                ("one", ["one.csv"], "plain"),
                ("both", ["one.csv", "other.csv"], "plain"),
                ("large", ["other.csv"], "plain"),
                ("sealed", ["one.csv"], "kept"),
            ):
                await penstock.product_publish(
                    id=name, files=[str(folder / file) for file in files], title=name, price="0", floor="0",
                    unit="MiB", tier=tier, purpose="Research", until=UNTIL,
                )  # fmt: skip
        async with control_plane(provider), control_plane(consumer):
            yield provider, consumer
    finally:
        for one in (provider, consumer):
            await one.process.stop()


@pytest.mark.parametrize("profile", [PULL, "HttpData-PULL"])
async def test_a_pull_comes_whole_and_both_sides_record_it(planes, profile):
    provider, consumer = planes
    given, taken, address = await pull(planes, "one", profile)
    assert (address["@type"], address["endpointType"]) == ("DataAddress", PULL)
    await consumer.say(f"dataflows/{taken}/started", about(dataAddress=address))
    await consumer.told(taken, "completed")
    assert await consumer.state(taken) == "COMPLETED"
    assert await consumer.files(taken) == {"one.csv": ONE}
    await provider.say(f"dataflows/{given}/completed", {})
    assert await provider.state(given) == "COMPLETED"
    for plane, key in ((provider, given), (consumer, taken)):
        assert recorded(plane, key) == ["flow.started", "flow.ended"]


async def test_several_files_come_by_their_names(planes):
    provider, consumer = planes
    given, taken, address = await pull(planes, "both")
    await consumer.say(f"dataflows/{taken}/started", about(dataAddress=address))
    await consumer.told(taken, "completed")
    assert await consumer.files(taken) == {"one.csv": ONE, "other.csv": OTHER}
    async with Client(provider.data) as penstock:
        [row] = [row for row in (await penstock.flow_list())["flows"] if row["flow"] == given]
    assert int(row["bytes"]) == len(ONE) + len(OTHER)


async def test_a_push_arrives_and_is_told(planes):
    provider, consumer = planes
    taken = await consumer.say("dataflows/prepare", beginning(planes, "both", PUSH, side=1))
    assert taken["dataAddress"]["endpointType"] == PUSH
    start = beginning(planes, "both", PUSH, dataAddress=taken["dataAddress"])
    given = await provider.say("dataflows/start", start)
    assert "dataAddress" not in given
    await provider.told(given["dataFlowId"], "completed")
    await consumer.say(f"dataflows/{taken['dataFlowId']}/started", about())
    await consumer.say(f"dataflows/{taken['dataFlowId']}/completed")
    assert await consumer.state(taken["dataFlowId"]) == "COMPLETED"
    assert await consumer.files(taken["dataFlowId"]) == {"one.csv": ONE, "other.csv": OTHER}


async def test_what_rests_gives_nothing_and_goes_on_with_a_fresh_token(planes):
    provider, _ = planes
    given, _, address = await pull(planes, "one")
    first = "Bearer " + properties(address)["authorization"]
    async with aiohttp.ClientSession() as session:
        async with session.get(address["endpoint"], headers={"Authorization": first}) as answer:
            assert await answer.read() == ONE
        await provider.say(f"dataflows/{given}/suspend", about(reason="maintenance"))
        async with session.get(address["endpoint"], headers={"Authorization": first}) as answer:
            assert answer.status == 403
        # Eclipse EDC says the address that it has
        resumed = await provider.say(f"dataflows/{given}/resume", about(dataAddress=address))
        fresh = properties(resumed["dataAddress"])["authorization"]
        assert fresh not in first
        headers = {"Authorization": fresh, "Range": "bytes=6-"}  # without a scheme, as some clients send it
        async with session.get(address["endpoint"], headers=headers) as answer:
            assert (answer.status, await answer.read()) == (206, ONE[6:])
        await provider.say(f"dataflows/{given}/terminate", about())
        async with session.get(address["endpoint"], headers=headers) as answer:
            assert answer.status == 403
    await provider.say(f"dataflows/{given}/resume", about(), status=409)


async def test_a_token_that_is_over_is_renewed_once(planes):
    provider, consumer = planes
    _, taken, address = await pull(planes, "one")
    key, now = (provider.data / "keys" / "ticket.key").read_bytes(), Clock().now()
    ticket = bearers.read(key, properties(address)["authorization"], now)
    past = now - timedelta(hours=2)
    over = bearers.issue(key, ticket.edition, ticket.subject, ticket.transfer, past)
    with pytest.raises(Unproven):
        bearers.read(key, over, now)
    await consumer.say(f"dataflows/{taken}/started", about(dataAddress=with_token(address, over)))
    await consumer.told(taken, "completed")
    assert await consumer.files(taken) == {"one.csv": ONE}
    # the refresh token that was used is nothing any more, and so is the address that has it
    again = await consumer.say("dataflows/prepare", beginning(planes, "one", side=1))
    stale = about(dataAddress=with_token(address, over))
    await consumer.say(f"dataflows/{again['dataFlowId']}/started", stale)
    await consumer.told(again["dataFlowId"], "errored")


async def test_what_is_no_token_of_the_flow_renews_nothing(planes):
    _, consumer = planes
    _, taken, address = await pull(planes, "one")
    spoilt = with_token(address, properties(address)["authorization"][:-4] + "AAAA")
    await consumer.say(f"dataflows/{taken}/started", about(dataAddress=spoilt))
    await consumer.told(taken, "errored")
    assert await consumer.state(taken) == "STARTED"
    await consumer.say(f"dataflows/{taken}/resume", about(dataAddress=address))
    await consumer.told(taken, "completed")
    assert await consumer.files(taken) == {"one.csv": ONE}


async def test_a_refresh_token_is_nothing_without_its_consumer(planes):
    _, consumer = planes
    _, _, address = await pull(planes, "one")
    told = properties(address)
    form = {"grant_type": "refresh_token", "refresh_token": told["refreshToken"]}
    async with aiohttp.ClientSession() as session:
        for header in ({}, {"Authorization": "Bearer " + told["authorization"]}, consumer.headers):
            async with session.post(told["refreshEndpoint"], data=form, headers=header) as answer:
                assert answer.status == 401, await answer.text()


async def test_a_flow_is_its_control_planes_alone(planes):
    provider, _ = planes
    given, _, _ = await pull(planes, "one")
    async with Client(provider.data) as penstock:
        other = await penstock.controlplane_add(plane="another", endpoint="http://localhost:8090")
    form = {"grant_type": "client_credentials", "client_id": "another", "client_secret": other["token"]}
    async with aiohttp.ClientSession() as session:
        async with session.post(f"{provider.url}/signaling/token", data=form) as answer:
            access = (await answer.json())["access_token"]
        form["client_secret"] = "guessed"
        async with session.post(f"{provider.url}/signaling/token", data=form) as answer:
            assert answer.status == 401
    for token in (access, other["token"]):
        headers = {"Authorization": f"Bearer {token}"}
        await provider.say(f"dataflows/{given}/status", headers=headers, method="GET", status=404)
        await provider.say(f"dataflows/{given}/terminate", about(), headers=headers, status=404)
    async with Client(provider.data) as penstock:
        await penstock.controlplane_add(plane="another", endpoint="http://localhost:8090")  # draws another secret
    for token in (access, other["token"], "", "x" * 5_000):
        headers = {"Authorization": f"Bearer {token}"}
        await provider.say(f"dataflows/{given}/status", headers=headers, method="GET", status=401)
    assert await provider.state(given) == "STARTED"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"processId": None}, 400),
        ({"processId": 7}, 400),
        ({"claims": None}, 400),
        ({"profile": "com.test.mqtt-push"}, 400),
        ({"dataAddress": {"endpoint": "http://localhost:9/"}}, 400),
        ({"datasetId": "nothing"}, 404),
        ({"datasetId": "sealed"}, 404),
        ({"profile": PUSH}, 400),
        ({"profile": PUSH, "dataAddress": {"endpoint": "ftp://localhost/"}}, 400),
    ],
)
async def test_what_cannot_be_run_is_refused_and_leaves_nothing(planes, change, status):
    provider, _ = planes
    body = {name: value for name, value in (beginning(planes, "one") | change).items() if value is not None}
    refusal = await provider.say("dataflows/start", body, status=status)
    assert refusal["text"]
    async with Client(provider.data) as penstock:
        assert body.get("processId") not in [row["flow"] for row in (await penstock.flow_list())["flows"]]


async def test_the_names_of_eclipse_edc_are_understood(planes):
    """It calls the profile as before 1.0-RC3, and asks for flows right below the address of a data plane."""
    provider, _ = planes
    body = beginning(planes, "one")
    body["transferType"] = body.pop("profile")
    given = (await provider.say("start", body))["dataFlowId"]
    assert (await provider.say(f"{given}/status", method="GET"))["state"] == "STARTED"
    await provider.say(f"{given}/terminate", about())
    assert await provider.state(given) == "TERMINATED"
    told = provider.registered["registration"]
    assert told["transferTypes"] == told["profiles"]


async def test_a_process_has_one_flow(planes):
    provider, _ = planes
    body = beginning(planes, "one")
    await provider.say("dataflows/start", body)
    await provider.say("dataflows/start", body, status=409)


async def test_the_owner_ends_a_flow_and_its_control_plane_is_told(planes):
    provider, _ = planes
    given, _, _ = await pull(planes, "one")
    async with Client(provider.data) as penstock:
        assert (await penstock.flow_end(flow=given))["state"] == "TERMINATED"
    await provider.told(given, "errored")
    [word] = [one for one in provider.heard if one[0] == given]
    assert word[2]["error"]


async def test_a_product_is_named_by_the_metadata(planes):
    provider, _ = planes
    given = await provider.say("dataflows/start", beginning(planes, "asset-7", metadata={"product": "one"}))
    told = properties(given["dataAddress"])
    async with aiohttp.ClientSession() as session:
        headers = {"Authorization": "Bearer " + told["authorization"]}
        async with session.get(given["dataAddress"]["endpoint"], headers=headers) as answer:
            assert await answer.read() == ONE


async def test_a_push_here_needs_the_flows_own_token_and_a_harmless_name(planes):
    _, consumer = planes
    taken = await consumer.say("dataflows/prepare", beginning(planes, "both", PUSH, side=1))
    address = taken["dataAddress"]
    right = {"Authorization": "Bearer " + properties(address)["authorization"]}
    async with aiohttp.ClientSession() as session:
        for path, headers, status in (
            ("", {}, 401),
            ("", {"Authorization": right["Authorization"][:-1]}, 401),
            ("/..%2f..%2fout", right, 400),
            ("", right, 204),
        ):
            async with session.put(address["endpoint"] + path, data=ONE, headers=headers) as answer:
                assert answer.status == status, (path, await answer.text())
    assert await consumer.files(taken["dataFlowId"]) == {"data": ONE}

    async def breaks():
        yield OTHER[:100_000]
        raise ConnectionError

    async with aiohttp.ClientSession() as session:
        with pytest.raises((ConnectionError, aiohttp.ClientError)):
            await session.put(address["endpoint"] + "/half.csv", data=breaks(), headers=right)
    await until(lambda: consumer.files(taken["dataFlowId"]), lambda found: found == {"data": ONE})
    await consumer.say(f"dataflows/{taken['dataFlowId']}/terminate", about())
    async with aiohttp.ClientSession() as session, session.put(address["endpoint"], data=ONE, headers=right) as answer:
        assert answer.status == 409


@pytest.mark.parametrize(("tags", "goes_on"), [(['"a"'], True), (['"a"', '"b"'], False), (['W/"a"'], False)])
async def test_what_broke_off_goes_on_if_it_is_the_same_file(planes, tags, goes_on):
    _, consumer = planes
    taken = (await consumer.say("dataflows/prepare", beginning(planes, "foreign", side=1)))["dataFlowId"]
    async with foreign(tags) as (url, asked):
        address = {"@type": "DataAddress", "endpointType": PULL, "endpoint": url}
        await consumer.say(f"dataflows/{taken}/started", about(dataAddress=address))
        await consumer.told(taken, "completed")
    assert await consumer.files(taken) == {"data": OTHER}
    assert ("Range" in asked[1], len(asked)) == (not tags[0].startswith("W/"), 2)
    assert goes_on == (asked[1].get("If-Range") == tags[-1])


async def test_a_file_that_was_whole_when_we_were_killed_is_fetched_again(planes):
    """All of it was noted, and it had no name yet: its source has no part behind its end."""
    _, consumer = planes
    taken = (await consumer.say("dataflows/prepare", beginning(planes, "foreign", side=1)))["dataFlowId"]
    await consumer.process.kill()
    with closing(sqlite3.connect(consumer.data / "penstock.db")) as tables, tables:
        last = {"files": {}, "last": {"name": "data", "at": len(OTHER), "tag": '"a"'}}
        tables.execute("UPDATE flows SET progress = ? WHERE id = ?", (json.dumps(last), taken))
    await consumer.process.start()
    async with foreign(['"a"']) as (url, asked):
        address = {"@type": "DataAddress", "endpointType": PULL, "endpoint": url}
        await consumer.say(f"dataflows/{taken}/started", about(dataAddress=address))
        await consumer.told(taken, "completed")
        assert asked[0]["Range"] == f"bytes={len(OTHER)}-"
    assert await consumer.files(taken) == {"data": OTHER}


async def test_a_fetch_goes_on_after_a_crash(planes):
    _, consumer = planes
    _, taken, address = await pull(planes, "large")
    await consumer.say(f"dataflows/{taken}/started", about(dataAddress=address))
    await consumer.process.kill()
    await consumer.process.start()
    await consumer.told(taken, "completed")
    assert await consumer.files(taken) == {"other.csv": OTHER}


async def test_what_is_said_of_a_flow_is_valid_by_the_published_schemas(planes, absent):
    if not signaling.folder().is_dir():
        absent(f"no reference schemas at `{signaling.folder()}`; set PENSTOCK_REFERENCE")
    provider, consumer = planes
    signaling.held.clear()
    given, taken, address = await pull(planes, "large")
    await provider.say(f"dataflows/{given}/suspend", about(reason="a while"))
    fresh = await provider.say(f"dataflows/{given}/resume", about())
    await consumer.say(f"dataflows/{taken}/started", about(dataAddress=fresh["dataAddress"]))
    await consumer.told(taken, "completed")
    assert await provider.state(given) == "STARTED"
    assert signaling.held == {*signaling.ANSWERS.values()}
    with pytest.raises(AssertionError, match="state"):
        signaling.hold(signaling.STATUS, {"messageId": "1", "dataFlowId": given, "state": "HASTY"})
    assert address != fresh["dataAddress"]
