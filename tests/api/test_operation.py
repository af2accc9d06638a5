"""A participant is lost, restored or stopped in the middle of a purchase: right bytes, right bill, one history."""

from __future__ import annotations

import asyncio
import gzip
import json
import math
import re
import secrets
import shutil
import sqlite3
import sys
import time
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client.parser import text_string_to_metric_families

from connector.api.authorize import ROUTES
from connector.identity import keys as key_files
from connector.negotiation.protocol.states import NEGOTIATION, STATES, TRANSFER
from connector.operation import measures
from connector.runtime import settings as setting
from connector.runtime.clock import Clock
from connector.runtime.data_folder import ACCESS, CHAIN_DATABASE, DATABASE, KEYS
from connector.runtime.errors import ServerAbsent
from connector.store.kept_log import KeptLog
from connector.store.offline import looking
from connector.store.tables import TABLES
from ledger.log import checkpoint as checkpoints
from ledger.log import note as notes
from ledger.log.note import log_vkey
from ledger.log.tiles import resources
from tests.api.secrets_told import leaks
from tests.api.space import PURPOSE, Space

pytestmark = pytest.mark.asyncio(loop_scope="session")

PIECE, PIECES = 65_536, 192
PRICE = 16_000  # minor units a MiB: a piece of 64 KiB costs 1,000
EXPOSURE = 2 * 1_000  # so a window has two pieces at most
DRAIN_SECONDS_MAX = 30
DASHBOARD = json.loads((Path(__file__).resolve().parents[2] / "docker/grafana.json").read_text())
ROLES = ("exchange", "regulator", "provider", "buyer")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def space(tmp_path_factory):
    made = Space(tmp_path_factory.mktemp("restored"), Clock().now)
    made.prepare(ROLES)
    async with collecting() as (address, batches):
        for person in made.people.values():
            person.command += ("--verbose",)
            told = person.data / setting.FILE_NAME
            text = told.read_text().replace('logs = "text"', 'logs = "json"')
            told.write_text(text.replace('otlp = ""', f'otlp = "{address}"'))
        made.batches = batches
        try:
            await made.start()
            yield made
        finally:
            await made.stop()
    assert all((person.data / "serve.log").read_text() for person in made.people.values())
    assert all(any((person.data / ACCESS).iterdir()) for person in made.people.values())
    assert not leaks(made.people), "a secret stands in a log"


@asynccontextmanager
async def collecting():
    """Be a collector of OpenTelemetry; yields its address and the batches of spans that came."""
    batches = []

    async def take(request):
        batches.append(ExportTraceServiceRequest.FromString(gunzipped(request, await request.read())))
        return web.Response(body=b"", content_type="application/x-protobuf")

    application = web.Application()
    application.router.add_post("/v1/traces", take)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", batches
    finally:
        await runner.cleanup()


def gunzipped(request, body):
    return gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body


async def penstock(*arguments):
    """Run a command; returns its exit code and the object that it printed."""
    command = [sys.executable, "-m", "connector.cli.main", *map(str, arguments), "--json"]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    return process.returncode, json.loads(said)


def released(space, channel=None):
    """Return the buyer's windows whose keys it has, in order."""
    rows = [row for row in space.rows("buyer", "windows") if row["state"] in ("released", "acknowledged")]
    return sorted((row for row in rows if channel in (None, row["channel"])), key=lambda row: row["seq"])


async def begin(space, product):
    mandate = {"limit": str(PRICE), "bid": None, "purpose": PURPOSE, "deposit": None, "exposure": str(EXPOSURE)}
    await space.doors["buyer"].call("POST", "acquisitions", {"id": product, "product": product, "mandate": mandate})


async def windows_more(space, count):
    """Return when so many more windows were released."""
    before = len(released(space))
    async with asyncio.timeout(30):
        while len(released(space)) < before + count:
            [*_, newest] = space.rows("buyer", "acquisitions")
            assert newest["state"] != "failed", newest["reason"]
            await asyncio.sleep(0.01)


async def copy_log(data, to):
    """Lay down the files of a log as they stood at the end, as a mirror that had followed it would hold them."""
    known, held = setting.load(data, {}), key_files.load(data / KEYS)
    with looking(data / DATABASE, TABLES, snapshot=True) as tx:
        log = KeptLog(tx, held.openers)
        note = await log.fetch("checkpoint")
        size = checkpoints.verify(notes.parse(note), log_vkey(known.log_origin, held.log_public)).size
        for name in ("checkpoint", *(tile.path for tile in resources(size))):
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            (to / name).write_bytes(await log.fetch(name))
    return size


def checkpoints_of(data):
    with closing(sqlite3.connect(f"file:{data / DATABASE}?mode=ro", uri=True)) as database:
        return dict(database.execute("SELECT size, root FROM checkpoints"))


@pytest.mark.parametrize("lost", ["buyer", "provider"])
async def test_a_participant_lost_in_the_middle_goes_on_from_its_back_up(space, tmp_path, lost):
    product, person = f"restored-{lost}", space.people[lost]
    data, safe, mirror = person.data, tmp_path / "safe", tmp_path / "mirror"
    paths = await space.publish("provider", product, (PIECE * PIECES,), price=PRICE)
    await begin(space, product)
    await windows_more(space, 3)
    code, made = await penstock("admin", "backup", safe, "--data", data, "--sealed")
    assert code == 0, made
    await windows_more(space, 5)
    await person.kill()
    size = await copy_log(data, mirror)
    signed = checkpoints_of(data)
    assert size > int(made["log"]["size"]), "what came after the back-up is in the log"
    shutil.move(data / KEYS, tmp_path / "keys")  # kept apart
    shutil.rmtree(data)

    code, told = await penstock("admin", "restore", safe, "--data", data, "--keys", tmp_path / "keys")
    assert code == 0, told
    with pytest.raises(ServerAbsent):  # what others hold cannot be reached, so nothing is signed
        await person.start()
    assert "restore it again with --mirror" in (data / "serve.log").read_text()
    assert set(checkpoints_of(data)) <= set(signed)
    shutil.rmtree(data)

    code, told = await penstock(
        "admin", "restore", safe, "--data", data, "--keys", tmp_path / "keys", "--mirror", mirror
    )
    assert code == 0, told
    await person.start()
    await begin(space, product) if lost == "buyer" else None
    view = await space.complete(product, within=60)

    assert await space.opened(product) == [path.read_bytes() for path in paths]
    [replica] = [row for row in space.rows("buyer", "replicas") if row["agreement"] == view["agreement"]]
    bill = -(-int(json.loads(replica["header"])["plainBytes"]) * PRICE // 2**20)
    assert int(view["progress"]["paid"]) == bill
    for role in ("buyer", "provider"):
        [channel] = [row for row in space.rows(role, "channels") if row["id"] == view["channel"]]
        assert int(channel["cumulative"]) == bill
        assert not [row for row in space.rows(role, "facts") if row["name"].startswith("fork/")]
        assert space.rows(role, "bundles") == []
        code, report = await penstock("log", "fsck", "--data", space.people[role].data)
        assert (code, report["flaws"]) == (0, [])
    after = checkpoints_of(data)
    assert all(after.get(at, root) == root for at, root in signed.items()), "one history"
    kinds = [row["kind"] for row in space.rows(lost, "log_entries")]
    assert kinds.count("log.restored") == 1
    assert kinds.index("log.restored") == size
    await space.doors[lost].call("POST", "log/anchor", {})


@pytest.mark.parametrize("lost", [("buyer", "provider"), ("exchange", "provider")])
async def test_two_that_were_lost_at_once_answer_each_other(space, tmp_path, lost):
    """Each asks the other what it knows of its log, and neither acts before it was told."""
    await space.publish("provider", f"lost-{lost[0]}", (PIECE,), price=PRICE)
    await begin(space, f"lost-{lost[0]}")
    await space.complete(f"lost-{lost[0]}")
    for role in lost:
        await space.doors[role].call("POST", "log/anchor", {})
        data = space.people[role].data
        code, made = await penstock("admin", "backup", tmp_path / role, "--data", data, "--sealed")
        assert code == 0, made
    await asyncio.gather(*(space.people[role].kill() for role in lost))
    for role in lost:
        data = space.people[role].data
        await copy_log(data, tmp_path / f"{role}-mirror")
        shutil.move(data / KEYS, tmp_path / f"{role}-keys")
        chain = [shutil.copy(path, tmp_path) for path in data.glob(f"{CHAIN_DATABASE}*")]  # a disk of its own
        shutil.rmtree(data)
        kept = ("--keys", tmp_path / f"{role}-keys", "--mirror", tmp_path / f"{role}-mirror")
        code, told = await penstock("admin", "restore", tmp_path / role, "--data", data, *kept)
        assert code == 0, told
        for path in chain:
            shutil.move(path, data)
    before = {role: restorations(space, role) for role in lost}
    await asyncio.gather(*(space.people[role].start() for role in lost))
    for role in lost:
        await space.doors[role].call("GET", "status")
    assert {role: restorations(space, role) - before[role] for role in lost} == dict.fromkeys(lost, 1)


def restorations(space, role):
    return [row["kind"] for row in space.rows(role, "log_entries")].count("log.restored")


async def test_a_participant_that_lives_is_not_restored(space, tmp_path):
    data = space.people["regulator"].data
    code, _ = await penstock("admin", "backup", tmp_path / "safe", "--data", data)
    assert code == 0
    code, told = await penstock("admin", "restore", tmp_path / "safe", "--data", data)
    assert (code, told["code"]) == (2, "conflict")
    assert "holds a participant" in told["text"]
    code, told = await penstock(
        "admin", "restore", tmp_path / "safe", "--data", tmp_path / "new", "--keys", data / KEYS
    )
    assert (code, told["code"]) == (2, "conflict")
    assert "is alive" in told["text"]
    assert not (tmp_path / "new").exists()


async def test_one_request_is_followed_through_both_connectors_by_its_id(space, say):
    """The id that a caller gives travels along, comes back in the head, and finds the spans of both sides."""
    await space.publish("provider", "traced", (PIECE,), price=PRICE)
    await begin(space, "traced")
    view = await space.complete("traced", within=60)
    code, told = await penstock("admin", "trace", "traced", "--data", space.people["buyer"].data)
    assert code == 0, told
    assert {states["kind"] for states in told["states"].values()} == {"negotiations", "transfers"}
    [provider] = [peer for peer in told["peers"] if peer["did"] == space.did("provider")]
    assert provider["why"] == ""
    went = {span["span"]: span for span in told["spans"] if span["side"] == "went"}
    joined = [(span, went[span["parent"]]) for span in provider["spans"] if span["parent"] in went]
    assert any(span["what"] == "POST /dsp/negotiations/request" and span["status"] == 201 for span, _ in joined)
    assert all(span["trace"] == cause["trace"] and span["peer"] == space.did("buyer") for span, cause in joined)
    assert view["state"] == "complete"

    trace, parent = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    token = (space.people["provider"].data / "management.token").read_text().strip()
    headers = {"Authorization": f"Bearer {token}", "traceparent": f"00-{trace}-{parent}-01"}
    said = await say("GET", space.url("provider") + "/management/things/nothing", headers=headers)
    assert (said.status, said.headers["X-Request-ID"]) == (404, trace)
    code, told = await penstock("admin", "trace", trace, "--data", space.people["provider"].data)
    [span] = told["spans"]
    assert (span["parent"], span["code"], span["status"]) == (parent, "absent", 404)
    wrong = await say("GET", space.url("provider") + "/nowhere", headers={"traceparent": "00-" + "0" * 32})
    assert len(wrong.headers["X-Request-ID"]) == 32
    assert wrong.headers["X-Request-ID"] != "0" * 32
    code, told = await penstock("admin", "trace", "absent", "--data", space.people["buyer"].data)
    assert (code, told["code"]) == (4, "absent")

    async with asyncio.timeout(20):
        while not (found := across(space)):
            await asyncio.sleep(0.2)
    assert found


def across(space):
    """Return the exported spans of the provider whose cause is an exported span of the buyer."""
    spans = [
        (next(one.value.string_value for one in each.resource.attributes if one.key == "service.instance.id"), span)
        for batch in space.batches
        for each in batch.resource_spans
        for scope in each.scope_spans
        for span in scope.spans
    ]
    causes = {(span.trace_id, span.span_id) for who, span in spans if who == space.did("buyer")}
    return [one for who, one in spans if who == space.did("provider") and (one.trace_id, one.parent_span_id) in causes]


async def test_measures_and_health_are_served_and_their_labels_are_bounded(space, say):
    token = (space.people["provider"].data / "management.token").read_text().strip()
    url = space.url("provider")
    assert (await say("GET", url + "/management/metrics")).status == 401, "for the owner alone"
    for _ in range(3):
        await say("GET", f"{url}/made-up/{secrets.token_hex(8)}")
    said = await say("GET", url + "/management/metrics", headers={"Authorization": f"Bearer {token}"})
    families = {family.name: family for family in text_string_to_metric_families(said.body.decode())}
    shown = {target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]}
    assert set(re.findall(r"penstock_[a-z_]+|process_[a-z_]+", " ".join(shown))) <= {
        name for family in families.values() for name in (family.name, *(sample.name for sample in family.samples))
    }
    routes = {row.path.replace(":.+", "") for row in ROUTES} | {"none"}
    assert {sample.labels["route"] for sample in families["penstock_requests"].samples} <= routes
    for name, known in (("penstock_negotiations", NEGOTIATION), ("penstock_transfers", TRANSFER)):
        assert {sample.labels["state"] for sample in families[name].samples} <= set(STATES[known])
    assert families["penstock_ready"].samples[0].value == 1
    assert set(measures.TOLD) <= set(families)
    valued = {name: families[name].samples[0].value for name in measures.TOLD if families[name].samples}
    assert valued["penstock_disk_free_bytes"] > 0
    assert 0 <= valued["penstock_chain_age_seconds"] < math.inf
    assert valued["penstock_unclaimed_minor_units"] >= valued["penstock_lapsing_minor_units"]
    for path in ("/health", "/health/live", "/health/ready"):
        assert (await say("GET", url + path)).status == 200
    for line in (space.people["provider"].data / "serve.log").read_text().splitlines():
        if not line.startswith(("DEVELOPMENT", "no `space")):
            assert {"time", "level", "logger", "message"} <= set(json.loads(line))


async def test_every_request_that_came_is_a_line_of_who_and_what_and_how_it_ended(space, say):
    url, data = space.url("provider"), space.people["provider"].data
    routes = {row.path.replace(":.+", "") for row in ROUTES} | {"none"}
    name = secrets.token_hex(8)
    await space.publish("provider", "noted", (PIECE * 4,), price=PRICE)  # what a lost participant noted is lost
    await begin(space, "noted")
    await space.complete("noted")
    said = await say("GET", f"{url}/made-up/{name}?secret={name}", headers={"Authorization": f"Bearer {name}"})
    trace = said.headers["X-Request-ID"]
    async with asyncio.timeout(20):
        while trace not in (text := "".join(path.read_text() for path in sorted((data / ACCESS).iterdir()))):
            await asyncio.sleep(0.1)
    assert name not in text, "a path, a query or a header was written down"
    lines = [json.loads(line) for line in text.splitlines()]
    assert {line["route"] for line in lines} <= routes
    [wrong] = [line for line in lines if line["request"] == trace]
    assert (wrong["who"], wrong["route"], wrong["status"], wrong["from"]) == ("unproven", "none", 404, "127.0.0.1")
    whole = {line["who"].partition(":")[0] for line in lines}
    assert {"owner", "anyone", "did", "agreement"} <= whole, "each kind of caller has a name"
    assert {line["who"] for line in lines if line["who"].startswith("did")} <= {space.did(role) for role in ROLES}
    assert not [line for line in lines if line["who"].startswith(("did", "owner", "agreement")) and "from" in line]
    pulls = [line for line in lines if line["route"] == "/sealed/{edition}/pieces" and line["status"] == 200]
    assert sum(line["out"] for line in pulls) >= PIECE * 4, "what was streamed is counted"
    assert all(line["ms"] >= 0 and line["time"].endswith("Z") for line in lines)


async def test_a_participant_told_to_stop_under_a_pull_ends_well_and_goes_on(space):
    """Both sides are stopped one after the other, and the purchase still costs what it should."""
    product = "drained"
    paths = await space.publish("provider", product, (PIECE * PIECES,), price=PRICE)
    await begin(space, product)
    for role in ("provider", "buyer"):
        await windows_more(space, 2)
        process = space.people[role]._process
        began = time.monotonic()
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 30) == 0
        assert time.monotonic() - began < DRAIN_SECONDS_MAX
        await space.people[role].start()
    view = await space.complete(product, within=60)
    assert await space.opened(product) == [path.read_bytes() for path in paths]
    [replica] = [row for row in space.rows("buyer", "replicas") if row["agreement"] == view["agreement"]]
    assert int(view["progress"]["paid"]) == -(-int(json.loads(replica["header"])["plainBytes"]) * PRICE // 2**20)
