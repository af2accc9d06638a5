"""Every command answers with one object of the shape that its row says, on a real space; rehearsals change nothing."""

from __future__ import annotations

import asyncio
import json
import re

import pytest
import pytest_asyncio
from typer.testing import CliRunner

from connector.cli.answers import ANSWERS
from connector.cli.main import app
from connector.cli.speak import ACTING
from connector.client.acts.participant import REHEARSAL
from connector.client.acts.shape import FAULT, WAITS
from connector.identity.identity import BLANK
from connector.runtime.clock import Clock
from tests.api.answers import agents, evidence, exchange, identity, journey, operation, trade, uses
from tests.api.answers.shapes import unlike
from tests.api.answers.told import COMMANDS, REHEARSED, Told, named
from tests.api.noded import Noded
from tests.api.secrets_told import leaks
from tests.api.space import ROLES

pytestmark = pytest.mark.asyncio(loop_scope="session")

WATCHES = {"PENSTOCK_SPACE_WATCH_SECONDS": "60"}
# command → where its answer is looked at, or why it has none
ELSEWHERE = {
    "demo": "tests/journey plays it",
    "up": "tests/journey/test_up plays it",
    "serve": "it runs until it is told to stop",
    "agent serve": "it speaks another protocol: tests/api/test_agents.py",
    "chain export": "it prints the chain itself, a line for each block",
}
# what had nothing to do when it was tried
CHANGES_NOTHING = {
    "exchange member reread": "the member's documents say what they said",
    "wallet collect": "the exchange's tenth of so small a sale is nothing; tests/api/test_wallet.py has one of more",
    "log disclose": "the supervisor was there first, so all is disclosed to it",
}
# commands whose --dry-run is a look of its own, with a row of its own
LOOKS = ("publish", "get", "settle", "open", "demand pursue", "vault collect", "chain deploy", "agent assent")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def told(tmp_path_factory):
    """A space of its own, to which every command is said: some of them end what others need."""
    space = Noded(tmp_path_factory.mktemp("answers"), Clock().now, WATCHES)
    space.kinds, space.region = ROLES | {"third": "provider", "node": "node", "above": "node"}, "US-NY"
    space.prepare(tuple(space.kinds))
    try:
        await space.start()
        made = Told(space, tmp_path_factory.mktemp("told"))
        for part in (journey, agents, uses, identity, trade, exchange, evidence, operation):
            await part.play(made)
        await exchange.check_each_other(made)
        await made.chain.close()
        yield made
    finally:
        await space.stop()
    assert not leaks(space.people), "a secret stands in a log"


# 65 bytes in hex: r, s and v
SIGNATURE = re.compile(r"\b[0-9a-f]{128}(?:1b|1c|00)\b")


@pytest.mark.parametrize("row", ANSWERS)
async def test_an_answer_is_of_its_shape(told, row):
    if row in ELSEWHERE:
        return
    assert told.found[row], "nobody says this command"
    for said in told.found[row]:
        assert unlike(ANSWERS[row], said) == ""


async def test_every_command_has_its_row():
    assert set(COMMANDS) == {named(row, COMMANDS) for row in ANSWERS} | (set(ELSEWHERE) - set(ANSWERS))
    assert set(ELSEWHERE) - set(ANSWERS) == {"serve", "agent serve", "chain export"}


async def test_what_waits_for_assent_is_told_alike(told):
    assert [unlike(WAITS, said) for said in told.found["waits"]] == ["", ""]


@pytest.mark.parametrize("command", sorted(REHEARSED))
async def test_what_is_tried_first_says_what_it_would_do(told, command):
    """That it changed nothing was seen when it was said (`Told`)."""
    if command in LOOKS:
        assert told.found[f"{command} --dry-run"]
        return
    said = told.rehearsed[command]
    assert unlike(REHEARSAL, said) == ""
    assert said["steps"] or command in CHANGES_NOTHING, "an act that leaves no trace is not tried first"


@pytest.mark.parametrize("command", ["authority grant", "program assent", "deal file"])
async def test_what_is_tried_first_is_signed_by_nobody(told, command):
    """A signature that is shown and not kept would be one that no log has and no limit counts."""
    shown = json.dumps(told.rehearsed[command])
    assert BLANK.hex() in shown or "signature" not in shown
    for found in SIGNATURE.findall(shown):
        assert found == BLANK.hex(), found


async def test_a_fault_has_one_shape(told):
    ACTING.clear()
    arguments = ["quote", "nothing-like-it", "--data", told.data("buyer"), "--json"]
    said = await asyncio.to_thread(CliRunner().invoke, app, arguments)
    [line] = said.stdout.splitlines()
    assert unlike(FAULT, json.loads(line)) == ""
    assert said.exit_code == json.loads(line)["exit"] == 4


async def test_what_is_not_of_its_shape_is_found():
    assert unlike({"a": "text"}, {"a": "x"}) == ""
    assert "b" in unlike({"a": "text"}, {"a": "x", "b": 1})
    assert unlike({"a": "text", "*": "any"}, {"a": "x", "b": 1}) == ""
    assert "a" in unlike({"a": "text", "*": "any"}, {"b": 1})
    assert "[1]" in unlike(["digits"], ["1", "x"])
    assert unlike({"a?": "text"}, {}) == ""
    assert unlike("number", True)
    assert unlike("text?", None) == ""
