"""docs/people.md, typed: accounts, keys that programs act with, and a person who signs in at a certified provider."""

from __future__ import annotations

import json
import re
import shlex
import tomllib

import pytest

from connector.demo.processes import free_ports
from tests.api.visitor import Visitor
from tests.console.openid.certified import CLIENT, SECRET, certified, require
from tests.newcomer.pages import DOCS
from tests.newcomer.walk import Walk

pytestmark = pytest.mark.asyncio(loop_scope="session")

WRITTEN_PORT, SUBJECT = "8400", "24c1-90af"
COMMAND = re.compile(r"^    ((?:PENSTOCK_KEY=\S+ )?penstock .+?)(?:\s+# .*)?$", re.MULTILINE)
SECTION = re.compile(r"```toml\n(.*?)```", re.DOTALL)
# the beginning of a command → what its answers have in common; serve is answered by the server
SAID = {
    "init": r"lives in ",
    "admin account add": r"password +\S+-\S+",
    "admin account link": r"good once, until",
    "admin account list": r"rita +act +buyer +risk manager",
    "admin account remove": r"removed ada",
    "admin key add": r"the key is in \w+\.key",
    "admin key list": r"ci +look +20\d\d-",
    "admin key remove": r"removed steward",
    "credential list": r"no credential was issued to us",
    "resource add": r"tides",
}


async def test_the_page_gives_every_hand_a_name(tmp_path, absent):
    require(absent)
    walk, seen, text = Walk(tmp_path), set(), (DOCS / "people.md").read_text(encoding="utf-8")
    ours, theirs = free_ports(2)
    back = f"http://localhost:{ours}/console/provider/callback"
    try:
        async with certified(tmp_path, theirs, back) as provider:
            for line in COMMAND.findall(text):
                words = [word.replace(WRITTEN_PORT, str(ours)) for word in shlex.split(line)]
                setting = [words.pop(0)] if words[0] != "penstock" else []
                if words[1] == "serve":
                    settle(tmp_path / "buyer", SECTION.search(text)[1], provider.issuer)
                    await walk.serve(words)
                    continue
                said = await walk.type(words) if not setting else await typed_with(walk, setting, words)
                name = max((name for name in SAID if " ".join(words[1:]).startswith(name)), key=len)
                assert re.search(SAID[name], said), (words, said)
                seen.add(name)
            provider.tell(
                **{SUBJECT: {"name": "somebody"}, "s-bo": {"name": "bo", "groups": ["board"], "amr": ["otp"]}}
            )
            for subject, account in ((SUBJECT, "li"), ("s-bo", "bo")):
                async with Visitor(f"http://localhost:{ours}") as visitor:
                    page = await visitor.send(await visitor.open("provider"), "/interaction/", sub=subject)
                    assert page.status == 200
                    assert f"Signed in as {account}" in (await visitor.open("overview")).text
    finally:
        await walk.stop()
    assert seen == set(SAID)
    lines = [line for file in (tmp_path / "buyer/access").iterdir() for line in file.read_text().splitlines()]
    assert {"owner", "key:ci", "key:steward", "account:li"} <= {json.loads(line)["who"] for line in lines}


async def typed_with(walk, setting, words):
    """Type a command with a variable of its own before it."""
    return await walk.ended(await walk.begin("env", *setting, *walk._penstock, *words[1:]))


def settle(folder, section, issuer):
    """Write the page's section of settings in the place of what stands there, for a provider that is there."""
    told = tomllib.loads(section)["oidc"] | {"issuer": issuer, "client_id": CLIENT}
    path = folder / "penstock.toml"
    text = path.read_text(encoding="utf-8")
    begin = text.index("[oidc]")
    end = text.index("\n[", begin)
    lines = [f"{name} = {json.dumps(value)}" for name, value in told.items()]
    path.write_text(text[:begin] + "\n".join(["[oidc]", *lines]) + "\n" + text[end:], encoding="utf-8")
    (folder / "oidc.secret").write_text(SECRET)
