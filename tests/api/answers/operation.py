"""What keeps a participant going: its vault, its processes, its accounts, a copy of it to keep."""

from __future__ import annotations

import asyncio
import shutil

import aiohttp

from connector.custody.kek import beside
from connector.demo.processes import free_ports
from connector.operation.signaling import messages
from connector.operation.signaling.profiles import PUSH
from tests.api.answers.told import WITHIN_SECONDS
from tests.api.space import PURPOSE


async def play(told):
    await _vault(told)
    await _processes(told)
    await _called(told)
    await _followed(told)
    await _traced(told)
    await _profiled(told)
    await _flowed(told)
    await _asked(told)
    await _accounts(told)
    await _copies(told)


async def _vault(told):
    await told.say("vault list", by="buyer")
    await told.say("vault scrub", by="provider")
    await told.say("vault scrub", "--repair", by="buyer", row="vault scrub --repair")
    await told.say("vault rekey", by="other")
    await told.say("key list", by="other")
    await told.say("key draw", "sm2", "--why", "national ciphers", by="other")
    await told.say("key rotate", "management", "--why", "a laptop was lost", by="other")
    await told.say("vault idle", "--days", "0", by="buyer")
    edition = next(row["edition"] for row in told.space.rows("provider", "products") if row["id"] == "leased")
    await told.say("vault holders", edition, by="provider")
    await told.say("vault destroyed", by="provider")
    await told.say("vault lineage", edition, by="provider")
    await told.say("vault lineage", edition, by="buyer")
    await told.say("vault collect", by="provider")
    await told.space.publish("provider", "leaky", (70_000,))
    leaky = next(row["edition"] for row in told.space.rows("provider", "products") if row["id"] == "leaky")
    await told.say("vault leak", leaky, "--why", "a laptop was stolen", by="provider")


async def _processes(told):
    transfers = [(await told.buy("leased", f"leased-{number}"))["transfer"] for number in (2, 3, 4)]
    await told.say("admin list", by="buyer")
    await told.say("admin heartbeat", by="buyer")
    await told.say("admin show", transfers[0], by="buyer")
    await told.say("admin trace", transfers[0], by="buyer")
    await told.say("admin retry", transfers[0], by="buyer")
    for act, state in (("suspend", "SUSPENDED"), ("resume", "STARTED"), ("complete", "COMPLETED")):
        await told.say(f"admin {act}", transfers[0], by="buyer")
        await told.transferring("buyer", transfers[0], state)
    await told.say("admin terminate", transfers[1], by="buyer")
    agreement = (await told.space.doors["buyer"].call("GET", "acquisitions/leased-4"))["agreement"]
    await told.say("admin revoke", agreement, by="provider")


async def _called(told):
    """An interface is sold by the call: here what the exchange tells everybody of its spaces."""
    brief = {
        "files": None,
        "tier": "plain",
        "unit": "call",
        "api": told.space.url("exchange"),
        "calls": ["GET /spaces/{id}"],
        "pieceKiB": None,
    }
    await told.space.publish_files("provider", "spaces-api", [], **brief)
    await told.space.get("spaces-api")
    agreement = (await told.space.complete("spaces-api"))["agreement"]
    await told.say("call", agreement, "/spaces/main", by="buyer")
    await told.say("admin hangup", agreement, by="buyer")
    at = {"at": "ndi+" + told.space.url("provider"), "limit": "1000", "purpose": PURPOSE}
    at["to"] = str(told.folder / "spaces-ndi")
    body = {"id": "spaces-ndi", "product": "spaces-api", "mandate": at}
    await told.space.doors["buyer"].call("POST", "acquisitions", body)
    await told.space.complete("spaces-ndi")
    [made] = [row for row in told.space.rows("buyer", "contracts") if "spaces-api" in row["document"]]
    await told.say("ndi call", made["code"], "/spaces/main", by="buyer")


async def _followed(told):
    """A file that grows is sold by the message."""
    source = told.write("grows.ndjson", "one\ntwo\n")
    brief = {"files": None, "tier": "plain", "unit": "message", "stream": str(source), "pieceKiB": None}
    await told.space.publish_files("provider", "grows", [], **brief)
    await told.space.get("grows")
    agreement = (await told.space.complete("grows"))["agreement"]
    await told.say("stream follow", agreement, by="buyer")
    await told.say("stream list", by="buyer")
    await told.say("stream sold", by="provider")
    await told.say("stream stop", agreement, by="buyer")


async def _traced(told):
    """A table that was found names nobody."""
    rain = told.write("rain.csv", "id,mm\n" + "".join(f"{at},{at % 97}.5\n" for at in range(2_400)))
    marked = {"tier": "plain", "mask": {"mm": "watermark:id"}}
    await told.space.publish_files("provider", "rain-marked", [rain], **marked)
    await told.say("vault trace", str(rain), "--product", "rain-marked", by="provider")


async def _profiled(told):
    """A profile of policies is registered, looked at, and taken back."""
    profile = "https://answers.example/profile/"
    operand = {"name": f"{profile}Basin", "type": "term", "operators": ["eq"], "source": "said"}
    words = {"words": {"en": "the basin", "zh": "流域"}}
    document = {"profile": profile, "prefix": "told", "operands": [operand | words]}
    await told.say("policy profile add", str(told.write("profile.json", document)), by="provider")
    await told.say("policy profile list", by="provider")
    await told.say("policy profile show", profile, by="provider")
    await told.say("policy profile remove", profile, by="provider")


async def _flowed(told):
    """A control plane has the buyer's data plane made ready for a push, and its owner ends that."""
    nobody = f"http://localhost:{free_ports(1)[0]}"
    added = await told.say("controlplane add", "cp", "--endpoint", nobody, by="buyer")
    texts = dict.fromkeys(messages.BEGINNING, "said") | {"processId": "flow-1", "profile": PUSH}
    bearer = {"Authorization": "Bearer " + added["token"]}
    url = told.space.url("buyer") + "/signaling/dataflows/prepare"
    body = texts | {"claims": {}}
    async with aiohttp.ClientSession() as session, session.post(url, json=body, headers=bearer) as answer:
        assert answer.status == 200, await answer.text()
    await told.say("controlplane list", by="buyer")
    await told.say("flow list", by="buyer")
    await told.say("flow end", "flow-1", by="buyer")
    await told.say("controlplane remove", "cp", by="buyer")
    await told.say("dataplane add", "dp", "--endpoint", nobody, "--profile", "mqtt", "--label", "a", by="buyer")
    await told.say("dataplane list", by="buyer")
    await told.say("dataplane remove", "dp", by="buyer")


async def _asked(told):
    """Who asks for other rules than those on offer waits for a word."""
    waiting = ("--kind", "negotiation", "--turn", "ours")
    bargained = {"negotiable": "region=any", "askFirst": True}
    await told.space.publish_files("provider", "asked-first", told.space.files("asked-first", (70_000,)), **bargained)
    mandate = {"limit": "1000", "purpose": PURPOSE, "prefer": "region=any"}
    body = {"id": "asked-first", "product": "asked-first", "mandate": mandate}
    await told.space.doors["buyer"].call("POST", "acquisitions", body)
    async with asyncio.timeout(WITHIN_SECONDS):
        while not (waits := (await told.say("admin list", *waiting, by="provider"))["processes"]):
            await asyncio.sleep(0.2)
    await told.say("admin assent", waits[0]["id"], by="provider")
    await told.space.complete("asked-first", within=WITHIN_SECONDS)


async def _accounts(told):
    await told.say("admin config", by="buyer")
    await told.say("admin account add", "ada", "--operator", by="buyer")
    await told.say("admin account list", by="buyer")
    await told.say("admin account link", "ada", by="buyer")
    await told.say("admin account remove", "ada", by="buyer")
    await told.say("admin key add", "ci", "--scope", "look", "--days", "30", by="buyer")
    await told.say("admin key list", by="buyer")
    await told.say("admin key remove", "ci", by="buyer")
    await told.say("admin folder add", "/tmp", by="provider")  # a folder that is everywhere
    await told.say("admin folder list", by="provider")
    await told.say("admin folder remove", "/tmp", by="provider")


async def _copies(told):
    copy, keys = told.folder / "copy", told.space.people["other"].data / "keys"
    await told.say("admin backup", copy, by="other")
    await told.space.people["other"].stop()
    await told.say("admin restore", copy, "--keys", keys, "--data", told.folder / "restored")
    shutil.copy(beside(told.space.people["other"].data), beside(told.folder / "restored"))  # it lies apart, too
    await told.say("admin set-back", "--data", told.folder / "restored")
