"""The act that CONTRIBUTING shows, on a participant: its row is all that is written, and everything is there."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import jsonschema
import pytest
import pytest_asyncio
import typer
from typer.testing import CliRunner

from connector.api import authorize, openapi, operators, rehearsals, server
from connector.api.authorize import Who
from connector.cli import declared as commands
from connector.client.acts import areas
from connector.client.acts.act import Act, Field
from connector.client.acts.table import BY_CALL
from connector.client.client import Client
from connector.client.server import ADDRESS_FILE
from connector.client.waiting import WaitingClient
from connector.console import acts as console_acts
from connector.console import pages as console_pages
from connector.runtime.errors import InvalidInput, PeerRefused
from docs.generate import management
from tests.api.answers.shapes import unlike
from tests.api.lone import lone
from tests.api.visitor import Visitor

pytestmark = pytest.mark.asyncio(loop_scope="session")
TEXT = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text()
[SHOWN] = [one for one in re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL) if "Act(" in one]
KNOWN = {"Act": Act, "Field": Field}
exec(SHOWN, KNOWN)
[GREET] = KNOWN["ACTS"]
PEER, SAID = "did:web:buyer.example", {"words": "welcome"}
PATH = "/management/greetings/did:web:buyer.example"


class Greeting:
    """Greets, and records that."""

    def __init__(self, core):
        self.core, self.greeted = core, []

    async def send(self, peer, words):
        fields = {"account": peer, "about": words}
        await self.core.store.write(
            lambda tx: self.core.evidence.record(
                tx, "record.viewed", part="greeting", fields=fields, now=self.core.clock.now()
            )
        )
        self.greeted.append((peer, words))
        return {"peer": peer, "words": words}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def greeter(tmp_path_factory):
    """A provider whose tables have the act besides their own."""
    folder = tmp_path_factory.mktemp("greeter") / "data"
    page, form, rows = console_pages.declared(GREET), console_acts.declared(GREET), tuple(authorize.declared([GREET]))
    shown = (authorize.Route("GET", page.route, Who.ACCOUNT, page.roles, "console.page"),)
    done = (authorize.Route("POST", form.route, Who.ACCOUNT, form.roles, "console.act"),)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(BY_CALL, GREET.call, GREET)
        of = areas.of
        patch.setattr(areas, "of", lambda area: (*of(area), *([GREET] if area == areas.AREAS[-1] else [])))
        patch.setitem(console_pages.BY_ROUTE, page.route, page)
        patch.setitem(console_acts.ACT_BY_ROUTE, form.route, form)
        patch.setattr(server, "ROUTES", (*server.ROUTES, *rows, *shown, *done))
        patch.setattr(rehearsals, "ACTS", rehearsals.ACTS | {GREET.serves})
        for row in rows:
            patch.setitem(authorize.MANAGED, (row.method, row.path), row)
        for module in (operators, rehearsals):
            patch.setattr(module, "MANAGEMENT", (*authorize.MANAGEMENT, *rows))
        async with lone(folder, ("provider",)) as connector:
            connector.greeting = connector.parts._named["greeting"] = Greeting(connector.core)
            (folder / ADDRESS_FILE).write_text(json.dumps({"url": connector.url}))
            connector.folder = folder
            yield connector


async def told(greeter, body, **more):
    url = greeter.url + PATH
    async with Visitor(greeter.url) as visitor, visitor.session.post(url, json=body, **more) as answer:
        return answer.status, json.loads(await answer.text())


async def recorded(greeter):
    rows = await greeter.store.read(lambda tx: tx.find("log_entries"))
    return len([row for row in rows if row["kind"] == "record.viewed"])


async def test_it_is_short():
    assert len(SHOWN.splitlines()) <= 15


async def test_the_route_is_the_owners_under_its_role(greeter):
    [row] = authorize.declared([GREET])
    assert (row.method, row.path, row.who, row.roles) == (
        "POST",
        "/management/greetings/{peer}",
        Who.OWNER,
        {"provider"},
    )
    assert row.body_bytes > 0
    assert (await told(greeter, SAID))[0] == 401
    assert await told(greeter, SAID, headers=greeter.owner) == (200, {"peer": PEER} | SAID)
    assert greeter.greeting.greeted[-1] == (PEER, "welcome")


@pytest.mark.parametrize("body", [{}, {"words": 1}, {"words": "x", "loud": True}, [], "welcome", 5])
async def test_a_wrong_field_is_refused_and_nothing_is_done(greeter, body):
    before = len(greeter.greeting.greeted)
    status, said = await told(greeter, body, headers=greeter.owner)
    assert (status, said["whose"]) == (400, "caller")
    assert "`words`" in said["text"]
    assert len(greeter.greeting.greeted) == before


async def test_the_document_has_its_operation(greeter):
    document = openapi.document([GREET])
    [operation] = [document["paths"]["/management/greetings/{peer}"]["post"]]
    [parameter] = operation["parameters"]
    assert (operation["operationId"], parameter["name"], parameter["in"]) == ("greeting_send", "peer", "path")
    schema = jsonschema.Draft202012Validator(operation["requestBody"]["content"]["application/json"]["schema"])
    assert schema.is_valid(SAID)
    assert not any(map(schema.is_valid, ({}, {"words": 1}, {"words": "x", "loud": True})))
    answer = operation["responses"]["200"]["content"]["application/json"]["schema"]
    assert jsonschema.Draft202012Validator(answer).is_valid({"peer": PEER} | SAID)


async def test_the_document_is_served_to_the_owner(greeter):
    url = greeter.url + "/management/openapi.json"
    async with Visitor(greeter.url) as visitor:
        async with visitor.session.get(url) as answer:
            assert answer.status == 401
        async with visitor.session.get(url, headers=greeter.owner) as answer:
            served = json.loads(await answer.text())
    assert served == openapi.document([act for act in BY_CALL.values() if act is not GREET])


async def run(greeter, *words, code=0):
    """Say the command to the participant."""
    app = typer.Typer(no_args_is_help=True)
    app.callback()(lambda: None)
    commands.add(app, "greeting", acts=[GREET])
    arguments = ["send", *words] + (["--data", str(greeter.folder)] if "--help" not in words else [])
    said = await asyncio.to_thread(CliRunner().invoke, app, arguments)
    assert said.exit_code == code, (said.output, said.exception)
    return said.stdout


async def test_the_command_does_it_says_it_and_tries_it_first(greeter):
    help_ = " ".join((await run(greeter, "--help")).split())
    assert "For example: penstock greeting send did:web:buyer.example --words welcome" in help_
    assert json.loads(await run(greeter, PEER, "--words", "hello", "--json")) == {"peer": PEER, "words": "hello"}
    assert await run(greeter, PEER, "--words", "hello") == f"peer: {PEER}\nwords: hello\n"
    before = len(greeter.greeting.greeted), await recorded(greeter)
    tried = json.loads(await run(greeter, PEER, "--words", "hello", "--dry-run", "--json"))
    assert (tried["dryRun"], tried["act"], tried["steps"][0]["step"]) == (True, "declared.greeting_send", "record")
    assert "would record" in await run(greeter, PEER, "--words", "hello", "--dry-run")
    assert (len(greeter.greeting.greeted), await recorded(greeter)) == before
    await run(greeter, PEER, code=2)
    await run(greeter, PEER, "--loud", code=2)


async def test_the_client_has_its_method(greeter):
    async with Client(greeter.folder) as client:
        assert await client.greeting_send(peer=PEER, words="hello") == {"peer": PEER, "words": "hello"}
        tried = await client.greeting_send(peer=PEER, words="hello", dry_run=True)
        assert [step["step"] for step in tried["steps"]] == ["record"]
        for wrong in ({"peer": PEER}, {"peer": PEER, "words": 1}, {"peer": PEER, "words": "x", "loud": True}):
            with pytest.raises(InvalidInput):
                await client.greeting_send(**wrong)
        with pytest.raises(PeerRefused) as refused:
            await client.call("POST", "greetings/x", {"words": 1})
        assert refused.value.status == 400

    def waiting():
        with WaitingClient(greeter.folder) as client:
            return client.greeting_send(peer=PEER, words="hello")

    assert await asyncio.to_thread(waiting) == {"peer": PEER, "words": "hello"}


async def test_what_no_command_prints_is_of_its_shape(greeter):
    async with Client(greeter.folder) as client:
        for call in ("garbage_list", "garbage_collect", "interface_show"):
            assert unlike(BY_CALL[call].answer, await getattr(client, call)()) == ""


async def test_the_form_shows_what_it_would_do_and_then_does_it(greeter):
    await greeter.accounts.add("ada", ["provider"], operator=True)
    async with Visitor(greeter.url) as visitor:
        await visitor.open("enter?token=" + (await greeter.accounts.link("ada"))["token"])
        assert "/console/acts/greeting-send" in (await visitor.open("acts")).links
        page = await visitor.open("acts/greeting-send")
        assert [form[1] for form in page.forms if "greeting" in form[1]] == ["/console/acts/greeting-send"]
        before = len(greeter.greeting.greeted), await recorded(greeter)
        asked = {"preview": "1", "peer": PEER, "words": "<b>hello"}
        seen = await visitor.open("acts/greeting-send", params=asked)
        assert "Greet did:web:buyer.example: &lt;b&gt;hello" in seen.text
        assert "record record.viewed of" in seen.text
        assert (len(greeter.greeting.greeted), await recorded(greeter)) == before
        chinese = await visitor.open("acts/greeting-send", params=asked | {"lang": "zh"})
        assert "问候 did:web:buyer.example:&lt;b&gt;hello" in chinese.text
        done = await visitor.send(seen, "/acts/greeting-send")
        assert done.url.endswith("/console/acts?done=greeting-send")
        assert greeter.greeting.greeted[-1] == (PEER, "<b>hello")
        wrong = await visitor.open("acts/greeting-send", params={"preview": "1", "peer": PEER})
        assert wrong.status == 400


async def test_who_may_only_look_is_shown_no_form_and_no_preview(greeter):
    await greeter.accounts.add("eve", ["provider"], operator=False)
    async with Visitor(greeter.url) as visitor:
        await visitor.open("enter?token=" + (await greeter.accounts.link("eve"))["token"])
        seen = await visitor.open("acts/greeting-send", params={"preview": "1", "peer": PEER, "words": "hello"})
        assert seen.status == 200
        assert not [form for form in seen.forms if "greeting" in form[1]]
        twin = await visitor.open("acts/greeting-send.json", params={"preview": "1", "peer": PEER, "words": "hello"})
        assert json.loads(twin.text)["preview"] is None


async def test_the_reference_has_its_line(monkeypatch):
    monkeypatch.setattr(management, "TABLE", (GREET,))
    [line] = [line for line in management.acts().splitlines() if "greeting_send" in line]
    for part in ("`POST greetings/{peer}`", "`penstock greeting send`", "`peer`, `words`", "provider, rehearsed"):
        assert part in line
