"""`penstock doctor` finds what is wrong, says it, and ends with the code of the first thing that is."""

from __future__ import annotations

import asyncio
import os
import shlex
import socket
import subprocess
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from aiohttp import web

from connector.cli import checkup, supplied
from connector.custody.kek import beside
from connector.custody.secrets import Keys
from connector.identity.space import kept
from connector.operation import installation
from connector.runtime import data_folder, settings
from connector.runtime.clock import Clock
from connector.store.store import Store
from connector.store.tables import TABLES
from tests.api.authority import Authority
from tests.connector.store.own_log import evidence_of, move
from tests.custody.test_bucket import bucket, server  # noqa: F401  # fixtures
from tests.ledger.space.exchange import Exchange


@asynccontextmanager
async def store_at(folder):
    """Open the database of a data folder, as a server has it open."""
    store = await Store.open(folder / data_folder.DATABASE, TABLES)
    yield store
    await store.close()


def checks(said):
    return {row["name"]: row for row in said.json["checks"]}


@pytest.fixture
def port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def test_a_new_participant_is_well(penstock, participant, port):
    data = participant(server__port=port, participant__roles=("exchange",))
    said = penstock("doctor", "--data", data, "--json")
    assert said.code == 0, said.out
    found = checks(said)
    assert set(found) == {"settings", *checkup.CHECKS}
    assert said.json["healthy"] is True
    assert found["development"]["state"] == "warn"
    assert "DEVELOPMENT" in found["development"]["text"]
    assert found["distribution"]["state"] == "ok"
    assert found["chain"]["state"] == "skipped"
    plain = penstock("doctor", "--data", data)
    assert "DEVELOPMENT MODE" in plain.out
    assert "try: never in production" in plain.out


def test_an_absent_directory_is_2(penstock, tmp_path):
    said = penstock("doctor", "--data", tmp_path / "nowhere", "--json")
    assert said.code == 2
    assert said.json["healthy"] is False
    assert "penstock init" in checks(said)["settings"]["hint"]


def test_a_taken_port_is_found(penstock, participant):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        data = participant(server__port=taken.getsockname()[1], space__exchange="http://localhost:1111")
        said = penstock("doctor", "--data", data, "--json")
    assert checks(said)["port"]["state"] == "fail"
    assert said.code == 2


def test_readable_keys_are_found(penstock, participant, port):
    data = participant(server__port=port)
    (data / "keys" / "agreement.key").chmod(0o644)
    said = penstock("doctor", "--data", data, "--json")
    assert "chmod 600" in checks(said)["keys"]["hint"]
    (data / "keys" / "agreement.key").chmod(0o600)
    (data / "management.token").chmod(0o640)
    assert checks(penstock("doctor", "--data", data, "--json"))["keys"]["state"] == "fail"


def test_what_others_may_read_is_found_and_the_hint_mends_it(penstock, participant, port):
    data = participant(server__port=port)
    assert checks(penstock("doctor", "--data", data, "--json"))["privacy"]["state"] == "ok"
    for path, mode in ((data, 0o755), (data / "penstock.toml", 0o644), (data / "keys" / "log.key", 0o640)):
        private = path.stat().st_mode & 0o777
        path.chmod(mode)
        said = penstock("doctor", "--data", data, "--json")
        found = checks(said)["privacy"]
        assert (found["state"], said.code) == ("fail", 2)
        assert f"`{path}` (mode {mode:o})" in found["text"]
        subprocess.run(shlex.split(found["hint"]), check=True)  # what a user is told to run
        assert path.stat().st_mode & 0o777 == private
        assert checks(penstock("doctor", "--data", data, "--json"))["privacy"]["state"] == "ok"


def test_the_key_of_the_vault_s_keys_is_tried(penstock, participant, port):
    data = participant(server__port=port)
    assert checks(penstock("doctor", "--data", data, "--json"))["vault keys"]["state"] == "skipped"
    Keys.of(data, "").draw_run()
    assert "all 1 keys" in checks(penstock("doctor", "--data", data, "--json"))["vault keys"]["text"]
    kek = beside(data)
    kek.rename(data.parent / "away")
    lost = checks(penstock("doctor", "--data", data, "--json"))["vault keys"]
    assert lost["state"] == "fail"
    assert "restore it" in lost["text"]
    assert not kek.exists()
    settings = data / "penstock.toml"
    written = settings.read_text()
    for place, state in ((data.parent / "away", "ok"), (data / "away", "fail")):
        settings.write_text(written.replace('kek_file = ""', f'kek_file = "{place}"'))
        assert checks(penstock("doctor", "--data", data, "--json"))["vault keys"]["state"] == state


def test_a_database_is_looked_at(penstock, participant, port):
    data = participant(server__port=port)

    async def make():
        await (await Store.open(data / data_folder.DATABASE, TABLES)).close()

    asyncio.run(make())
    assert "FULL" in checks(penstock("doctor", "--data", data, "--json"))["database"]["text"]
    (data / data_folder.DATABASE).write_bytes(os.urandom(8192))
    said = penstock("doctor", "--data", data, "--json")
    assert checks(said)["database"]["state"] == "fail"
    assert said.code == 74


def test_an_exchange_that_does_not_answer_is_7(penstock, participant, port):
    data = participant(server__port=port, space__exchange="http://localhost:1111")
    said = penstock("doctor", "--data", data, "--json")
    assert said.code == 7
    assert checks(said)["exchange"]["state"] == "fail"


def test_a_slow_clock_a_missing_admission_and_a_silent_chain(penstock, participant, port, served):
    async def space(_request):
        headers = {"Date": "Thu, 01 Jan 2015 00:00:00 GMT"}
        return web.json_response({"members": [], "deployment": {"chainId": "7"}}, headers=headers)

    application = web.Application()
    application.router.add_get("/space", space)
    data = participant(server__port=port, space__exchange=served(application))
    said = penstock("doctor", "--data", data, "--json")
    found = checks(said)
    assert found["exchange"]["state"] == "warn"
    assert "penstock exchange admit did:web:localhost%3A" in found["exchange"]["hint"]
    assert found["clock"]["state"] == "fail"
    assert found["chain"]["exit"] == 9


def test_a_silent_peer_is_named(penstock, participant, port, served):
    async def alive(_request):
        return web.json_response({})

    async def space(_request):
        return web.json_response({"members": members, "deployment": {"chainId": "7"}})

    well = web.Application()
    well.router.add_get("/health/live", alive)
    members = [
        {"did": "did:web:well", "url": served(well)},
        {"did": "did:web:foreign", "url": served(web.Application())},
        {"did": "did:web:gone", "url": f"http://localhost:{port}"},
    ]
    exchange = web.Application()
    exchange.router.add_get("/space", space)
    data = participant(server__port=port, space__exchange=served(exchange))
    found = checks(penstock("doctor", "--data", data, "--json"))["peers"]
    assert found["state"] == "warn"
    assert "2 of 3 others answer" in found["text"]
    assert "did:web:gone" in found["text"]
    assert "did:web:well" not in found["text"]
    assert "operators" in found["hint"]


def test_a_bucket_that_is_not_there_is_found_and_who_has_none_is_well(penstock, participant, port, bucket, monkeypatch):  # noqa: F811
    data = participant(server__port=port)
    assert checks(penstock("doctor", "--data", data, "--json"))["bucket"]["state"] == "ok"
    for place, state, code in (("s3://sealed/editions", "ok", 0), ("s3://nobody-made-it/editions", "fail", 7)):
        monkeypatch.setenv("PENSTOCK_VAULT_BLOBS", place)
        found = checks(penstock("doctor", "--data", data, "--json"))["bucket"]
        assert (found["state"], found["exit"], place in found["text"]) == (state, code, True)
    assert "make the bucket" in found["text"]
    monkeypatch.delenv("AWS_ALLOW_HTTP")
    monkeypatch.setenv("PENSTOCK_VAULT_BLOBS", "s3://sealed/editions")
    assert checks(penstock("doctor", "--data", data, "--json"))["bucket"]["state"] == "fail", "http is to be allowed"


async def test_events_that_wait_too_long_for_the_chain_are_found(tmp_path, monkeypatch):
    patient = checkup.Patient(tmp_path, None, Clock(), settings.build({"server.development": True}))
    assert (await checkup._result("anchors", supplied.anchors, patient)).state == "skipped"
    monkeypatch.setattr(supplied, "_witnessed", lambda _patient: True)
    assert (await checkup._result("anchors", supplied.anchors, patient)).text == "no database yet"
    evidence, now = evidence_of(patient.settings.log_origin), Clock().now()
    async with store_at(tmp_path) as store:
        await store.write(lambda tx: move(evidence, tx, 1, now - timedelta(minutes=40)))
        assert (await checkup._result("anchors", supplied.anchors, patient)).state == "ok"
        await store.write(
            lambda tx: tx.put("anchors", origin=evidence.origin, size=1, root=bytes(32), tx="", block=1, at=now)
        )
        await store.write(lambda tx: move(evidence, tx, 2, now - timedelta(hours=3)))
        found = await checkup._result("anchors", supplied.anchors, patient)
    assert (found.state, "3.0 hours" in found.text, "log anchor" in found.hint) == ("warn", True, True)


async def test_an_exchange_that_contradicted_itself_is_shown_with_both_its_notes(tmp_path):
    patient = checkup.Patient(tmp_path, None, Clock(), settings.build({"server.development": True}))
    assert (await checkup._result("heads", checkup.heads, patient)).state == "skipped"
    async with store_at(tmp_path) as store:
        assert (await checkup._result("heads", checkup.heads, patient)).state == "ok"
        shown = [Exchange(), Exchange()]
        shown[1].admit("did:web:other")
        shown[0].admit("did:web:late")
        one, other = (exchange.answer().head for exchange in shown)
        await store.write(lambda tx: kept.keep_contradiction(tx, one, other))
        found = await checkup._result("heads", checkup.heads, patient)
    assert (found.state, one.note in found.text, other.note in found.text) == ("warn", True, True)
    assert "regulator" in found.hint


@pytest.mark.parametrize(("days", "state"), [(-2, "fail"), (3, "warn"), (90, "ok")])
async def test_a_certificate_is_read_to_its_end(tmp_path, days, state):
    certificate, key = Authority(tmp_path, days=days).certificate("server")
    told = {"server.tls_certificate": str(certificate), "server.tls_key": str(key)}
    patient = checkup.Patient(tmp_path, None, Clock(), settings.build(told))
    found = await checkup._result("certificates", checkup.certificates, patient)
    assert found.state == state
    assert ("renew" in found.hint) == (state != "ok")


async def test_a_full_disk_and_a_foreign_package(monkeypatch, tmp_path):
    patient = checkup.Patient(tmp_path, None, None)
    monkeypatch.setattr(checkup, "disk_usage", lambda _path: type("U", (), {"free": 1000}))
    assert (await checkup._result("disk", checkup.disk, patient)).exit_code == 74
    monkeypatch.setattr(checkup, "disk_usage", lambda _path: type("U", (), {"free": 100 * 2**20}))
    assert (await checkup._result("disk", checkup.disk, patient)).state == "warn"
    owners = {"policy": ["penstock", "policy-of-somebody"]}
    monkeypatch.setattr(installation.importlib.metadata, "packages_distributions", lambda: owners)
    found = await checkup._result("distribution", checkup.distribution, patient)
    assert found.state == "fail"
    assert "policy-of-somebody" in found.text
