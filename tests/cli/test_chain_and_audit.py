"""`penstock chain` on a chain served over HTTP, the audit's sources on the same, and how `penstock audit` ends."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest
from aiohttp import web

from connector.identity import former, former_account, former_log, former_sm2, keys
from connector.identity.did import build
from connector.regulator import patience
from connector.regulator.sources import Places, sources
from connector.runtime.clock import Clock
from connector.runtime.data_folder import CHAIN_DATABASE
from contracts import signature
from contracts.typed_data import Edition, digest
from ledger.audit import audit as auditing
from ledger.audit import lattices
from ledger.audit.members import PROVEN
from ledger.audit.report import Report
from ledger.audit.sources import Unavailable
from ledger.chain import acts
from ledger.chain.client import Chain
from ledger.chain.deployment import Deployment, deploy
from ledger.chain.programs import Programs
from ledger.embedded.chain import EmbeddedChain
from ledger.log.checkpoint import origin_id
from ledger.space.document import Member, Space

ORIGIN = "localhost:7001/log"


class Exchange:
    """What an exchange serves to everybody: space, attestation, and a chain behind /rpc."""

    def __init__(self, path):
        self.space, self.attestation, self.document, self.path = {}, None, None, path
        self.application = web.Application()
        self.application.router.add_get("/space", self.serve_space)
        self.application.router.add_get("/space/attestation", self.serve_attestation)
        self.application.router.add_get("/.well-known/did.json", self.serve_document)
        self.application.router.add_post("/rpc", self.rpc)
        self.application.router.add_get("/mirror{tail:.+}", self.mirror)
        self.application.cleanup_ctx.append(self.chain)

    @property
    def did(self):
        return "did:web:" + quote(self.url.split("://")[1])

    async def chain(self, _application):
        self.embedded = await EmbeddedChain.open(self.path, Clock().now)
        yield
        await self.embedded.close()

    async def serve_space(self, _request):
        return web.json_response(self.space)

    async def serve_attestation(self, _request):
        return web.json_response(self.attestation or {}, status=200 if self.attestation else 404)

    async def serve_document(self, _request):
        return web.json_response(self.document or {}, status=200 if self.document else 404)

    async def rpc(self, request):
        return web.Response(body=await self.embedded.rpc(await request.read()), content_type="application/json")

    async def mirror(self, request):
        return web.Response(text=request.path)


@pytest.fixture
def exchange(tmp_path, served):
    made = Exchange(tmp_path / "chain.db")
    made.url = served(made.application)
    return made


@pytest.fixture
def deployed(exchange, penstock, participant):
    """A data directory whose key put the programs on the exchange's chain."""
    data = participant(space__exchange=exchange.url)
    said = penstock("chain", "deploy", "--rpc", exchange.url + "/rpc", "--data", data, "--json")
    assert said.code == 0, said.err
    document = json.loads((data / "deployment.json").read_text())
    assert {**document, "file": str(data / "deployment.json")} == said.json
    exchange.space = {"label": "embedded", "members": [], "deployment": document}
    return data


def test_deploy_once_and_see_it(penstock, exchange, deployed):
    again = penstock("chain", "deploy", "--rpc", exchange.url + "/rpc", "--data", deployed)
    assert again.code == 2
    assert "already" in again.err
    said = penstock("chain", "status", "--data", deployed, "--json")
    assert said.code == 0, said.err
    assert said.json["chainId"] == exchange.space["deployment"]["chainId"] == said.json["deployedOn"]
    assert said.json["block"] >= 5
    assert said.json["programs"] == exchange.space["deployment"]["addresses"]
    assert "(embedded): block" in penstock("chain", "status", "--data", deployed).out


def test_a_silent_chain_is_9(penstock, exchange, participant):
    exchange.space = {"label": "x", "deployment": {"addresses": {}, "chainId": "1"}}
    data = participant(space__exchange=exchange.url)
    assert penstock("chain", "status", "--rpc", "http://localhost:1111", "--data", data).code == 9
    assert penstock("chain", "deploy", "--rpc", "http://localhost:1111", "--data", data).code == 9
    assert not (data / "deployment.json").exists()


def test_a_silent_exchange_is_7(penstock, participant):
    data = participant(space__exchange="http://localhost:1111")
    assert penstock("chain", "status", "--data", data).code == 7


def test_sources_read_the_chain(exchange, deployed):
    key = keys.load(deployed / "keys").agreement

    async def act():
        chain = Chain.connect(exchange.url + "/rpc")
        programs = Programs(chain, Deployment.from_json(exchange.space["deployment"]))
        register = acts.register_log(programs.deployment, origin_id(ORIGIN), signature.address(key), [b"\x01" * 20], 1)
        receipt = await programs.perform(register, key)
        edition = Edition(b"\x01" * 32, b"\x02" * 32, 1)
        signed = signature.sign(digest(programs.deployment.domain("editions"), edition), key)
        await programs.perform(acts.register_edition(programs.deployment, edition, signed), key)
        await chain.close()
        async with sources(exchange.url, development=True) as opened:
            events = await opened.chain_events()
            block = await opened.block(receipt.block)
            return receipt, events, block, await opened.block(10_000)

    receipt, events, block, beyond = asyncio.run(act())
    assert [event.name for event in events] == ["LogRegistered", "Transfer", "EditionRegistered"], (
        "in chain order, not by program"
    )
    assert events[0].fields["origin"] == origin_id(ORIGIN)
    assert events[0].block == receipt.block
    assert block.hash == receipt.block_hash
    assert beyond is None


def test_sources_of_another_chain_are_refused(exchange, deployed):
    exchange.space["deployment"]["chainId"] = "1"

    async def act():
        async with sources(exchange.url, development=True) as opened:
            with pytest.raises(Unavailable, match="another id"):
                await opened.chain_events()

    asyncio.run(act())
    assert deployed.exists()


def test_sources_over_http(exchange):
    async def act():
        mirrors = {ORIGIN: exchange.url + "/mirror/"}
        async with sources(Places(exchange.url, mirrors=mirrors), development=True) as opened:
            exchange.space = {"members": []}
            assert await opened.space() == {"members": []}
            exchange.space = {"members": [1]}
            assert await opened.space() == {"members": []}, "one audit has one space"
            assert await opened.fetch(f"http://{ORIGIN}/tile/0/000") == b"/mirror/tile/0/000"
            assert await opened.attestation() is None
            exchange.attestation = {"v": 1}
            assert await opened.attestation() == {"v": 1}
            with pytest.raises(Unavailable):
                await opened.fetch("http://localhost:7001/logs/checkpoint")
            with pytest.raises(Unavailable, match="deployment"):
                await opened.chain_events()

    asyncio.run(act())


def test_sources_ask_a_member_who_it_is(exchange, deployed):
    async def act():
        async with sources(exchange.url, development=True) as opened:
            did = exchange.did
            with pytest.raises(Unavailable):
                await opened.identity(did)
            exchange.document = build(did, exchange.url, held, (b"\x01" * 48, b"\x02" * 96), exchange=True)
            told = await opened.identity(did)
            exchange.document = build(did, exchange.url, held, None, exchange=True)
            bare = await opened.identity(did)
            exchange.document = {**exchange.document, "id": "did:web:another"}
            foreign = await opened.identity(did)
            exchange.document = {"id": did}
            with pytest.raises(Unavailable):
                await opened.identity("did:web:localhost%3A1111")
            return told, bare, foreign, await opened.identity(did), await opened.identity("did:key:z6Mk")

    held = keys.load(deployed / "keys")
    told, bare, *none = asyncio.run(act())
    assert none == [None, None, None], "another's, one without a log, one that is no did:web"
    raw = held.log_public, held.delivery_public, b"\x01" * 48, b"\x02" * 96
    member = Member(exchange.did, "x", "exchange", "US", exchange.url, held.address, *raw).json()
    assert told == {name: member[name] for name in PROVEN} | {"cosigner": held.cosigner_public.hex()}
    assert bare == {name: told[name] for name in ("url", "address", "logKey", "delivery", "cosigner")}


def test_sources_say_unavailable_and_nothing_else(exchange):
    exchange.space = {"deployment": {"chainId": "7", "salt": "00" * 32, "addresses": {}}}

    async def act():
        async with sources("http://localhost:1111", development=True) as opened:
            for ask in (opened.space, opened.attestation, opened.chain_events):
                with pytest.raises(Unavailable):
                    await ask()
            with pytest.raises(Unavailable):
                await opened.block(1)
        async with sources(exchange.url, development=False) as opened:
            with pytest.raises(Unavailable):
                await opened.space()

    asyncio.run(act())


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Nobody here begins again while it is asked: who is gone stays gone (tests/connector/audit/test_patience.py)."""
    monkeypatch.setattr(patience, "PAUSES_SECONDS", (0.01,))


@pytest.fixture
def report(monkeypatch):
    """Let the audit come out with this report; who asked is kept in `.asked`."""
    made = Report(events=5, proofs_verified=9, figures=lattices.gather(None, {}, {}))

    async def run(opened, key, _place, _going, _hybrid):
        made_by.append((opened, key))
        return made

    made_by = []
    monkeypatch.setattr(auditing, "run", run)
    return made, made_by


def test_a_clean_audit_is_0(penstock, participant, report):
    data = participant()
    said = penstock("audit", "--exchange", "http://localhost:1111", "--data", data, "--json", "--development")
    assert said.code == 0
    assert (said.json["audit"], said.json["events"], said.json["findings"]) == ("clean", 5, [])
    _opened, key = report[1][0]
    assert key.public_key() == keys.load(data / "keys").delivery.public_key()
    shown = penstock("audit", "--exchange", "http://localhost:1111", "--data", data).out
    assert "audit: clean (5 events" in shown
    assert "heads cosigned with ML-DSA-44, too: 0 of 0" in shown


def test_findings_are_6(penstock, participant, report):
    report[0].find("licence-missing", "did:web:x", agreement="ab")
    data = participant()
    said = penstock("audit", "--exchange", "http://localhost:1111", "--data", data, "--json")
    assert said.code == 6
    assert said.json["audit"] == "findings"
    assert said.json["findings"][0]["code"] == "licence-missing"
    assert "did:web:x" in penstock("audit", "--exchange", "http://localhost:1111", "--data", data).out


def test_an_audit_that_cannot_begin_says_whose_turn_it_is(penstock, exchange, deployed, participant):
    ask = ["audit", "--data", deployed, "--development", "--exchange"]
    assert penstock(*ask, "http://localhost:1111").code == 7
    assert penstock(*ask, exchange.url).code == 6, "a space without its exchange"
    member = Member(
        "did:web:x", "x", "exchange", "US", exchange.url, b"\x01" * 20, *(bytes(32),) * 2, bytes(48), bytes(96)
    )
    exchange.space = Space("did:web:x", exchange.space["deployment"], {"did:web:x": member}, 0, "embedded").json()
    assert penstock(*ask, exchange.url, "--rpc", "http://localhost:1111").code == 9
    assert penstock(*ask, exchange.url, "--mirror", "nonsense").code == 2


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--exchange", "http://localhost:1111", "--space", "did:web:x"],
        ["--exchange", "http://localhost:1111", "--from", "yesterday"],
        ["--exchange", "http://localhost:1111", "--mirror", "here"],
        ["--read", "no-such-file"],
        ["--exchange", "http://localhost:1111", "--anew"],
        ["--exchange", "http://localhost:1111", "--opened"],
        ["--exchange", "http://localhost:1111", "--share", "1/2"],
        ["--exchange", "http://localhost:1111", "--share", "1/2", "--seed", "5e" * 32, "--part", "part", "--watch"],
        ["--exchange", "http://localhost:1111", "--share", "3/2", "--seed", "5e" * 32, "--part", "part"],
        ["--exchange", "http://localhost:1111", "--share", "1/65", "--seed", "5e" * 32, "--part", "part"],
        ["--exchange", "http://localhost:1111", "--share", "1/2", "--seed", "chosen", "--part", "part"],
        ["--exchange", "http://localhost:1111", "join", __file__, "--seed", "5e" * 32],
        ["join", __file__, "--exchange", "http://localhost:1111", "--seed", "5e" * 32],
        ["join", __file__, "--seed", "5e" * 32],
        ["join", "--exchange", "http://localhost:1111", "--seed", "5e" * 32],
    ],
)
def test_what_cannot_be_asked_of_an_audit_is_2(penstock, options):
    assert penstock("audit", *options).code == 2


def test_an_audit_without_a_key_is_2(penstock, tmp_path):
    assert penstock("audit", "--exchange", "http://localhost:1111", "--data", tmp_path).code == 2


def test_the_audit_opens_its_own_keys_and_nothing_else_of_anybody(exchange, participant, tmp_path):
    data = participant()
    (tmp_path / "other").mkdir()
    script = Path(__file__).resolve().parents[1] / "journey" / "audit_opens.py"
    command = [sys.executable, script, "--exchange", exchange.url, "--data", data, "--development"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    told = json.loads(done.stdout)
    assert told["exit"] == told["answer"]["exit"] == 6, "a space without its exchange"
    assert told["started"] == []
    below = {Path(path).relative_to(tmp_path) for path in told["opened"] if Path(path).is_relative_to(tmp_path)}
    names = {f"{purpose}.key" for purpose in keys.PURPOSES} | {
        *(former.FILE, former_account.FILE, former_log.FILE, former_sm2.FILE)
    }
    assert below == {Path("data/keys") / name for name in names}


# --- a chain by itself ---


@pytest.fixture
def hosted(tmp_path):
    """`penstock chain serve` as a process: (its data directory, its address)."""
    command = [sys.executable, "-m", "connector.cli.main", "chain", "serve", "--data", str(tmp_path / "chain")]
    with subprocess.Popen([*command, "--port", "0", "--json"], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield tmp_path / "chain", json.loads(process.stdout.readline())
        finally:
            process.terminate()
    assert process.returncode == 0


def test_a_chain_is_hosted_exported_and_checked(penstock, hosted, participant, tmp_path):
    data, told = hosted
    said = penstock("chain", "deploy", "--rpc", told["rpc"], "--data", participant(), "--json")
    assert said.code == 0, said.err
    assert said.json["chainId"] == told["chainId"]
    busy = penstock("chain", "export", "--data", data)
    assert busy.code == 9
    assert "hosted by another process" in busy.err
    exported = penstock("chain", "export", "--rpc", told["rpc"])
    assert exported.code == 0, exported.err
    archive = tmp_path / "chain.txt"
    archive.write_text(exported.out)
    checked = penstock("chain", "check", archive, "--json")
    assert (checked.code, checked.json["chainId"], checked.json["problem"]) == (0, told["chainId"], "")
    assert checked.json["transactions"] == len(said.json["addresses"])
    lines = exported.out.splitlines()
    archive.write_text("\n".join([*lines[:3], lines[3][:-2] + "00", *lines[4:]]))
    altered = penstock("chain", "check", archive)
    assert altered.code == 6
    assert "block" in altered.out


def test_a_stopped_chain_is_exported_and_checked_where_it_lies(penstock, tmp_path):
    assert penstock("chain", "check", "--data", tmp_path).code == 4

    async def mine():
        embedded = await EmbeddedChain.open(tmp_path / CHAIN_DATABASE, Clock().now)
        chain = Chain.local(embedded)
        programs = Programs(chain, await deploy(chain, b"\x07" * 32))
        await programs.perform(acts.mint(programs.deployment, b"\x01" * 20, 1), b"\x07" * 32)
        await embedded.close()

    asyncio.run(mine())
    checked = penstock("chain", "check", "--data", tmp_path, "--json")
    assert (checked.code, checked.json["problem"]) == (0, "")
    assert len(penstock("chain", "export", "--data", tmp_path).out.splitlines()) == checked.json["blocks"] + 1
    with closing(sqlite3.connect(tmp_path / CHAIN_DATABASE, isolation_level=None)) as file:
        assert file.execute("DELETE FROM logs").rowcount == 1
    said = penstock("chain", "check", "--data", tmp_path)
    assert said.code == 6
    assert "differs from the receipts of block" in said.out
