"""docs/keys.md, from nothing in a folder of its own: every command, and what it says."""

from __future__ import annotations

import re

import pytest

from connector.demo.processes import free_ports
from tests.newcomer.pages import commands
from tests.newcomer.walk import Walk

pytestmark = pytest.mark.asyncio(loop_scope="session")

WRITTEN_PORTS = ("8310", "8311", "8312")
PIN = "/etc/penstock/pin"
# the beginning of a command → what its answers have in common; serve is answered by the server
SAID = {
    "init": r"lives in ",
    "key list": r"token +P-256 .* penstock key rotate token",
    "key rotate token --why": r"#token is followed by .*#token-2",
    "key rotate token --stolen": r"#token-2 is followed by .*#token-3",
    "key rotate delivery": r"the former opens what was sealed to it",
    "key rotate log": r"[0-9a-f]{64} is followed by [0-9a-f]{64}\n.*the former counts until 20",
    "key rotate account": r"0x[0-9a-fA-F]{40} is followed by 0x[0-9a-fA-F]{40}\n.*the former counts until 20",
    "wallet collect": r"0\.00",
    "key draw sm2": r"sm2 [0-9a-f]{128}",
    "key rotate sm2": r"[0-9a-f]{128} is followed by [0-9a-f]{128}\n.*the former counts until 20",
    "key rotate management": r"is followed by",
    "vault rekey": r"\S",
    "doctor": r"each of which signs",
    "log rekey": r"we witness with the BLS key",
}


async def test_the_page_replaces_each_key_that_can_be(tmp_path, hsm):
    walk, seen = Walk(tmp_path), set()
    ports = dict(zip(WRITTEN_PORTS, map(str, free_ports(len(WRITTEN_PORTS))), strict=True))
    try:
        for typed in commands("keys.md"):
            words = [re.sub("|".join(ports), lambda found: ports[found[0]], word) for word in typed]
            words = [word.replace(PIN, str(hsm / "pin")) for word in words]
            if words[1] == "serve":
                await walk.serve(words)
                continue
            line = " ".join(words[1:])
            name = max((name for name in SAID if line.startswith(name)), key=len)
            said = await walk.type(words)
            assert re.search(SAID[name], said), (words, said)
            seen.add(name)
    finally:
        await walk.stop()
    assert seen == set(SAID)
