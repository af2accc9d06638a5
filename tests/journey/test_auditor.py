"""The walk of docs/audit.md as a stranger makes it: curl, a public verifier of logs, a node, and nothing of ours.

What is typed is what the page says; it reaches the totals of `penstock audit`.
"""

from __future__ import annotations

import base64
import re
import shutil
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from tests.api.proxy import proxied
from tests.journey.printed import printed, said
from tests.onchain import nodes

PAGE = (Path(__file__).resolve().parents[2] / "docs/audit.md").read_text()
ENDS_SECONDS = 10
FOUND = re.compile(r"Successfully fsck'd log with size (\d+) and root \S+ \(([0-9a-f]{64})\)")

pytestmark = [pytest.mark.journey, pytest.mark.asyncio(loop_scope="session")]


@pytest.fixture(scope="module", autouse=True)
def _tools(absent):
    for tool in ("curl", "bash", "basenc"):
        if shutil.which(tool) is None:
            absent(f"{tool} is not installed")


@pytest.fixture(scope="module")
def fsck(absent):
    """The public verifier."""
    try:
        return nodes.command("fsck")
    except nodes.NotHereError as reason:
        absent(str(reason), optional=True)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def space(shown):
    return await said("curl", "-sS", shown.cast.notes["exchange"]["url"] + "/space")


def typed(heading):
    """The lines of a section of the page that its reader types."""
    section = PAGE.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return [line.strip() for line in section.splitlines() if line.startswith("    ")]


async def verified(fsck, member, folder, log=None):
    """Run the page's commands on a member's log, or on what is at another address; returns what they printed."""
    *lines, last = [line for line in typed("With a public verifier") if line]
    assert last.startswith("go run ")
    command = last.replace(f"go run {nodes.FSCK}", str(fsck))
    known = {"LOG_KEY": member["logKey"], "ORIGIN": member["origin"], "LOG": log or member["url"] + "/log"}
    # what it cannot verify it asks for again and again
    command = f"timeout {ENDS_SECONDS} {command} 2>&1 || true"
    return await printed("bash", "-euc", "\n".join([*lines, command]), at=folder, **known)


async def head(member):
    """Return (size, root in hex) of a member's checkpoint."""
    _, size, root, *_ = (await printed("curl", "-sS", member["url"] + "/log/checkpoint")).split("\n")
    return int(size), base64.b64decode(root).hex()


async def test_who_has_only_curl_reaches_the_same_totals(shown, space):
    """Sizes of checkpoints, and the chain's own events of closed channels."""
    heads = [await head(member) for member in space["members"]]
    assert sum(size for size, _ in heads) == shown.figures["events_logged"]
    asked = PAGE[PAGE.index('{"jsonrpc"') : PAGE.index("}]}'") + 3]
    asked = asked.replace("CHANNELS", space["deployment"]["addresses"]["channels"])
    node = shown.cast.notes["exchange"]["url"] + "/rpc"
    closed = await said("curl", "-sS", node, "-H", "content-type: application/json", "-d", asked)
    assert sum(int(log["data"][2:66], 16) for log in closed["result"]) == shown.figures["amount_settled"]


async def test_a_public_verifier_vouches_for_every_event_that_the_audit_counts(shown, space, fsck, tmp_path):
    sizes = []
    for member in space["members"]:
        size, root = FOUND.search(await verified(fsck, member, tmp_path)).groups()
        assert (int(size), root) == await head(member), member["did"]
        sizes.append(int(size))
    assert sum(sizes) == shown.figures["events_logged"]


async def test_it_vouches_for_no_log_with_a_changed_entry(space, fsck, tmp_path):
    def spoil(request, content):
        return content[:-1] + bytes([content[-1] ^ 1]) if "/tile/entries/" in request.path else content

    member = space["members"][0]
    async with proxied() as proxy:
        proxy.target = urlsplit(member["url"]).port
        assert FOUND.search(await verified(fsck, member, tmp_path, proxy.url + "/log"))
        proxy.spoil = spoil
        proxy.log.clear()
        assert not FOUND.search(await verified(fsck, member, tmp_path, proxy.url + "/log"))
        assert any("/tile/entries/" in path for _, path in proxy.log)
