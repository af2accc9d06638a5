"""docs/identity.md, from nothing in a folder of its own: every command, and what it says."""

from __future__ import annotations

import re

import pytest

from connector.demo.processes import free_ports
from tests.newcomer.goods import HERE, bring
from tests.newcomer.pages import commands
from tests.newcomer.walk import Walk

pytestmark = pytest.mark.asyncio(loop_scope="session")

WRITTEN_PORTS = ("8300", "8301", "8302")
DEMANDS = ("required = []", 'required = ["MembershipCredential"]')
# the beginning of a command → what its answers have in common; serve is answered by the server
SAID = {
    "init": r"lives in ",
    "join": r"applied",
    "exchange admit": r"is a member",
    "publish": r"submitted",
    "exchange review": r": listed",
    "credential request": r"for MembershipCredential, RoleCredential: RECEIVED|ISSUED",
    "credential list": r"MembershipCredential +did:web:\S+ +held",
    "get": r"\S",
    "credential shown": r"did:web:\S+ +MembershipCredential",
    "exchange credential list": r"MembershipCredential +did:web:\S+ +(valid|revoked)",
    "exchange credential grant ": r"may ask for a AuditCredential",
    "exchange credential grants": r"AuditCredential",
    "exchange credential withdraw": r"has no AuditCredential any more",
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
                if words[-1] == "provider":
                    demand(tmp_path / "provider/penstock.toml")
                await walk.serve(words)
                continue
            line = " ".join(words[1:]) + " "
            name = max((name for name in SAID if line.startswith(name)), key=len)
            if name in ("credential request", "credential shown"):
                await look(walk, ports, refused=name == "credential request")
            said = await walk.type(words)
            assert re.search(SAID[name], said), (words, said)
            seen.add(name)
        assert [path.name for path in (tmp_path / "got").iterdir() if path.is_file()] == ["tides.csv"]
        issued = (await walk.json("exchange", "exchange", "credential", "list"))["credentials"]
        assert {one["state"] for one in issued} == {"revoked"}
    finally:
        await walk.stop()
    assert seen == set(SAID)


def demand(path):
    told = path.read_text(encoding="utf-8")
    assert DEMANDS[0] in told
    path.write_text(told.replace(*DEMANDS, 1), encoding="utf-8")


async def look(walk, ports, *, refused):
    """Ask the provider for its catalogue: who shows nothing that holds is not answered."""
    command = ["penstock", "find", "--at", f"http://localhost:{ports['8301']}/dsp", "--data", "buyer", "--json"]
    process = await walk.begin(*command)
    said, _ = await process.communicate()
    assert (process.returncode != 0) == refused, said.decode()
    assert not refused or b"does not prove what is demanded here" in said or b"404" in said, said.decode()
