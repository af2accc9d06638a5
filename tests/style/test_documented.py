"""Every command, setting, limit, event and reason of readiness is documented; every command answers in JSON."""

from __future__ import annotations

import re
import shlex
from functools import cache
from pathlib import Path

import typer

from connector.cli.main import app
from connector.operation.health import REASONS
from connector.runtime import limits, settings_table
from docs.generate import reference
from ledger.log.events import SHAPES
from tests.every import every

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "reference.md").read_text(encoding="utf-8")
# command → why it has no --json
NO_JSON = {
    ("serve",): "it runs until it is told to stop",
    ("agent", "serve"): "it speaks the Model Context Protocol on stdout",
}
# why a command spends nothing and leaves nothing with others → the commands; every other one has --dry-run
SPENDS_AND_PUBLISHES_NOTHING = {
    "it only looks": """
        agent show, agent proposals,
        doctor, find, searches, show, quote, verify, audit, audit join, prices, purposes, plan, reputation,
        policy explain, policy example, policy decide, policy try, policy translate, policy check, policy compare,
        policy diff, policy template list, policy template show, policy template fill, policy profile list,
        policy profile show, log head, log fsck, log verify, log proof,
        log forks, log policy, demand list, demand show, project list, project show, filing list,
        deal list, deal show,
        hosting list, hosting show, hosting log, hosting audit, authority list, authority show, authority ask,
        filing show, filing open, code list, code registered, code resolve, node collect, node logs, node trace,
        node connectors, node below list, node reports,
        template list, template show, template fill, template model, resource list, product show,
        product face, product catalogue, service list, space list, space show, space rules, version list,
        version compare, exchange connectors, exchange uses, exchange pending, exchange applications, exchange listings,
        exchange indicators, exchange read,
        exchange member list, exchange operator list, exchange leaving list, exchange source list,
        exchange source show, bill list, bill show, bill check, wallet, wallet requests, exchange request list,
        complaint list, complaint show, rights show, dispute list, dispute show, chain status, chain export,
        chain check, chain licence, contract, vault list, vault idle, vault destroyed, vault holders, vault lineage,
        transfer show, admin list,
        admin show, admin trace, admin config, admin queries, admin computations, admin readers, admin account list,
        admin key list, admin folder list, orders, program assents, program show, program question,
        stream list, stream sold, vault trace, controlplane list, dataplane list, flow list,
        ndi find, ndi list, ndi show, ndi compare, ndi party list, ndi served list, ndi served show,
        ndi white list, ndi delivered, ndi paid,
        credential list, credential requests, credential offers, credential shown,
        credential client list, key list, exchange credential list, exchange credential grants
    """,
    "it makes or runs what is ours alone": """
        agent serve, agent propose, agent decline,
        demo, up, init, serve, chain serve, resource add, vault scrub, vault rekey, admin backup, admin restore,
        admin set-back, admin account add, admin account link, admin account remove, admin folder add,
        admin folder remove, admin key add, admin key remove, policy profile add, policy profile remove,
        controlplane add, controlplane remove,
        dataplane add, dataplane remove, rehearse, credential client add, credential client remove, credential drop,
        credential forget, key draw, key rotate
    """,
    "it begins contracts of an implementation that is tried, and ends them": "conform ndi",
    "it does now what the server does by itself": """
        log mark, admin heartbeat, admin retry, credential request, node report
    """,
    "who is on a post is the exchange's own business": "exchange operator add, exchange operator dismiss",
    "another operator asked for the act, and `exchange pending` shows all of it": "exchange assent, exchange dissent",
    "it says what we read of others, and tells them nothing": """
        exchange source add, exchange source harvest, exchange source pause, exchange source suspend,
        exchange source resume, exchange source drop
    """,
}


@cache
def tree():
    return typer.main.get_command(app)


@cache
def commands():
    return list(reference.walked(tree()))


def shown():
    """Yield (page, line) of each command in a block of a page."""
    for page in [*DOCS.rglob("*.md"), DOCS.parent / "README.md"]:
        text = page.read_text(encoding="utf-8").replace("\\\n", " ")
        for line in re.findall(r"^(?: {4})?penstock (?!\W)(.*)$", text, re.MULTILINE):
            yield page.relative_to(DOCS.parent), line


@every(("page", "line"), shown, ids=str)
def test_a_command_that_a_page_shows_can_be_given(page, line):
    """Its words lead to a command, and each of its options is one of it or of a group above."""
    words = [word for word in shlex.split(line, comments=True) if word not in ("|", ">", "…")]
    command, options = tree(), set()
    while True:
        options |= {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
        at = next((at for at, word in enumerate(words) if word in getattr(command, "commands", {})), None)
        if at is None:
            break
        command, words = command.commands[words[at]], words[:at] + words[at + 1 :]
    alone = not hasattr(command, "commands") or command.invoke_without_command
    assert alone, f"{page}: `penstock {line}` is no command"
    given = {word.split("=")[0] for word in words if word.startswith("--")}
    assert given <= options | {"--help"}, f"{page}: `penstock {line}` has no {given - options}"


def test_everything_has_its_row():
    named = set(re.findall(r"`([^`]+)`", PAGE))
    assert {f"penstock {' '.join(words)}" for words, _ in commands()} <= named
    assert set(settings_table.declared()) <= named
    assert {name for name in vars(limits) if name.isupper()} <= named
    assert set(SHAPES) <= named
    operation = (DOCS / "operation.md").read_text(encoding="utf-8")
    assert all(f"`{reason}`" in operation for reason in REASONS)


def test_a_limit_says_why():
    assert [name for name, _, why in reference.read_limits() if not why] == []


@every(("words", "command"), commands, ids=lambda value: " ".join(value) if isinstance(value, tuple) else "")
def test_a_command_answers_in_json_or_says_why_not(words, command):
    options = {name for parameter in command.params for name in parameter.opts}
    assert ("--json" in options) == (words not in NO_JSON), words


def test_what_spends_or_publishes_can_be_tried_first():
    """A command is either named above or has --dry-run: a new one cannot be forgotten."""
    named = [one.strip() for said in SPENDS_AND_PUBLISHES_NOTHING.values() for one in said.split(",")]
    dry = [" ".join(words) for words, command in commands() if any("--dry-run" in one.opts for one in command.params)]
    assert sorted([*named, *dry]) == sorted(" ".join(words) for words, _ in commands())
