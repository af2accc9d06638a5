"""docs/identity.md, from nothing in a folder of its own: every command, and what it says."""

from __future__ import annotations

import asyncio
import re

import pytest

from connector.demo.processes import free_ports
from tests.newcomer.goods import HERE, bring
from tests.newcomer.pages import DOCS, commands
from tests.newcomer.walk import WITHIN_SECONDS, Walk

pytestmark = pytest.mark.asyncio(loop_scope="session")

OF_MEMBERS = ("MembershipCredential", "RoleCredential")
# of the person on the page, who is kept nowhere
NUMBER = "11010519491231002X"
WRITTEN_PORTS = ("8300", "8301", "8302")
# file of settings → what the page says of it, in the place of what stands there
CHANGES = {
    "provider": (
        ("required = []", 'required = ["MembershipCredential"]'),
        ("asked = []", 'asked = ["LegalPersonCredential", "HandlingPersonCredential"]'),
    ),
    "buyer": (('"LegalPersonCredential"]', '"LegalPersonCredential", "HandlingPersonCredential"]'),),
}
# the beginning of a command → what its answers have in common; serve is answered by the server
SAID = {
    "init": r"lives in ",
    "join": r"applied",
    "exchange admit": r"is a member",
    "publish": r"submitted",
    "exchange review": r": listed",
    "credential request": r"for (MembershipCredential, RoleCredential|LegalPersonCredential, \S+): RECEIVED|ISSUED",
    "credential list": r"MembershipCredential +did:web:\S+ +held",
    "credential forget": r"forgotten: LegalPersonCredential of did:web",
    "credential drop": r"forgotten: HandlingPersonCredential",
    "get": r"\S",
    "credential shown": r"did:web:\S+ +MembershipCredential",
    "exchange credential list": r"MembershipCredential +did:web:\S+ +(valid|revoked)",
    "exchange credential grant ": r"may ask for a (Audit|LegalPerson|HandlingPerson)Credential",
    "exchange credential grants": r"AuditCredential",
    "exchange credential offer": r"is told that it may have the credential AuditCredential",
    "credential offers": r"AuditCredential",
    "exchange credential withdraw": r"has no (Audit|HandlingPerson)Credential any more",
    "exchange member suspend": r"is suspended",
    "credential client add": r"its secret, told this once: \S{20}",
    "credential client list": r"edc +http://localhost:[0-9]+/dcp/token",
    "credential client remove": r"gets no token any more",
}


async def test_the_page_leads_from_nothing_to_a_peer_that_has_proven_itself(tmp_path):
    walk, seen = Walk(tmp_path), set()
    bring(tmp_path, HERE._replace(mib=1))
    ports = dict(zip(WRITTEN_PORTS, map(str, free_ports(len(WRITTEN_PORTS))), strict=True))
    try:
        for typed in commands("identity.md"):
            words = [re.sub("|".join(ports), lambda found: ports[found[0]], word) for word in typed]
            if words[1] == "serve":
                change(tmp_path / words[-1] / "penstock.toml", CHANGES.get(words[-1], ()))
                await walk.serve(words)
                continue
            line = " ".join(words[1:]) + " "
            name = max((name for name in SAID if line.startswith(name)), key=len)
            if name in ("credential request", "credential shown"):
                await look(walk, ports, refused="credential request" not in seen)
            if name == "publish" and "--policy" in words:
                (tmp_path / "firms.json").write_text(policy())
            if "CREDENTIAL" in words:
                words[words.index("CREDENTIAL")] = await held(walk, "HandlingPersonCredential")
            if words[:2] == ["penstock", "get"] and "firms" in words:
                await held(walk, "HandlingPersonCredential")
            if name == "credential offers":
                await offered(walk)
            said = await walk.type(words)
            assert re.search(SAID[name], said), (words, said)
            seen.add(name)
        assert [path.name for path in (tmp_path / "got").iterdir() if path.is_file()] == ["tides.csv"]
        issued = (await walk.json("exchange", "exchange", "credential", "list"))["credentials"]
        assert {one["state"] for one in issued if one["type"] in OF_MEMBERS} == {"revoked"}
        told = "".join(path.read_text(errors="replace") for path in tmp_path.glob("*/penstock.db*"))
        assert NUMBER not in told
    finally:
        await walk.stop()
    assert seen == set(SAID)


def change(path, changes):
    told = path.read_text(encoding="utf-8")
    for before, after in changes:
        assert before in told
        told = told.replace(before, after, 1)
    path.write_text(told, encoding="utf-8")


def policy():
    """Return the policy that the page shows."""
    [told] = re.findall(r"```json\n(.+?)```", (DOCS / "identity.md").read_text(encoding="utf-8"), re.DOTALL)
    return told


async def held(walk, kind):
    """Return the id of a credential that the buyer holds, as soon as it has come."""
    async with asyncio.timeout(WITHIN_SECONDS):
        while True:
            listed = (await walk.json("buyer", "credential", "list"))["credentials"]
            if found := [one["credential"] for one in listed if one["type"] == kind]:
                return found[0]
            await asyncio.sleep(0.2)


async def offered(walk):
    """Wait until an offer has come."""
    async with asyncio.timeout(WITHIN_SECONDS):
        while not (await walk.json("buyer", "credential", "offers"))["offers"]:
            await asyncio.sleep(0.2)


async def look(walk, ports, *, refused):
    """Ask the provider for its catalogue: who shows nothing that holds is not answered."""
    command = ["penstock", "find", "--at", f"http://localhost:{ports['8301']}/dsp", "--data", "buyer", "--json"]
    process = await walk.begin(*command)
    said, _ = await process.communicate()
    assert (process.returncode != 0) == refused, said.decode()
    assert not refused or b"does not prove what is demanded here" in said or b"404" in said, said.decode()
