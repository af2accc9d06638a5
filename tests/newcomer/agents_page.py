"""docs/agents.md, typed: an agent's key, its tools started as the page's settings say, a proposal, and the end."""

from __future__ import annotations

import json
import os
import re
import shlex

import pytest
from mcp import StdioServerParameters
from mcp.client import Client
from mcp.client.stdio import stdio_client

from connector.client.acts import agents
from connector.demo.processes import free_ports
from tests.newcomer.pages import DOCS
from tests.newcomer.walk import PENSTOCK, Walk

pytestmark = pytest.mark.asyncio(loop_scope="session")

WRITTEN_PORT, WRITTEN_PROPOSAL = "8400", "PROPOSAL"
COMMAND = re.compile(r"^    ((?:PENSTOCK_KEY=\S+ )?penstock .+?)(?:\s+# .*)?$", re.MULTILINE)
SETTINGS = re.compile(r"```json\n(.*?)```", re.DOTALL)
# the beginning of a command → what its answers have in common; serve is answered by the server
SAID = {
    "init": r"lives in ",
    "admin key add": r"an agent's: it spends 50\.00 in all",
    "agent show": r"budget  50\.00, 50\.00 left",
    "agent propose": r"tides at 4\.00 at most, 400\.00 in all",
    "agent proposals": r"waiting +tides +4\.00 +400\.00",
    "agent decline": r"declined: we have them",
    "admin key list": r"assistant +.*50\.00",
    "admin key remove": r"removed assistant",
}


async def test_the_page_gives_an_agent_a_key_and_its_tools(tmp_path):
    walk, seen, text = Walk(tmp_path), set(), (DOCS / "agents.md").read_text(encoding="utf-8")
    [port], proposal = free_ports(1), ""
    try:
        for written in COMMAND.findall(text):
            line = written.replace(WRITTEN_PORT, str(port)).replace(f" {WRITTEN_PROPOSAL} ", f" {proposal} ")
            words = shlex.split(line)
            setting = [words.pop(0)] if words[0] != "penstock" else []
            if words[1] == "serve":
                await walk.serve(words)
                continue
            run = ("env", *setting, *walk._penstock, *words[1:])
            said = await walk.ended(await walk.begin(*run))
            name = max((name for name in SAID if " ".join(words[1:]).startswith(name)), key=len)
            assert re.search(SAID[name], said), (words, said)
            seen.add(name)
            if name == "agent propose":
                proposal = said.split()[0]
            if name == "agent show":
                await tools(tmp_path, json.loads(SETTINGS.search(text)[1])["mcpServers"]["penstock"])
    finally:
        await walk.stop()
    assert seen == set(SAID)


async def tools(folder, told):
    """Start what the page's settings name, as the agent's program does, and call a tool."""
    assert told["command"] == "penstock"
    path = {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}
    command, *more = PENSTOCK
    started = StdioServerParameters(command=command, args=[*more, *told["args"]], env=told["env"] | path, cwd=folder)
    async with Client(stdio_client(started)) as client:
        listed = {tool.name for tool in (await client.list_tools()).tools}
        page = (DOCS / "agents.md").read_text(encoding="utf-8").partition("## What it can spend")[0]
        named = set(re.findall(r"`([a-z]+(?:_[a-z]+)+)`", page))
        assert {"product_find", "acquisition_begin", "query_ask", "agent_propose"} <= listed & named
        assert named <= {act.call for act in agents.given()} | {"dry_run"}
        found = await client.call_tool("agent_show", {})
        assert json.loads(found.content[0].text)["answer"]["left"] == "5000"
