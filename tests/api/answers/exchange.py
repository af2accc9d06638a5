"""What the operators of an exchange do: members, listings, spaces, sources, money, and three posts that check."""

from __future__ import annotations

from connector.client.server import Server
from connector.demo.processes import Participant, free_ports
from connector.operation.initialise import initialise

WHY = ("--reason", "it is tried")


async def play(told):
    await _members(told)
    await _listings(told)
    await _spaces(told)
    await _templates(told)
    await _sources(told)
    await _leaving(told)


async def _members(told):
    space, [port] = told.space, free_ports(1)
    about = {"name": "The going", "roles": ("provider",), "region": "US-NY", "port": port, "development": True}
    initialise(space.folder / "going", **about, exchange=space.url("exchange"))
    space.people["going"] = person = Participant(space.folder / "going")
    await person.start(space.environment)
    space.doors["going"] = Server(person.data, space.outbound)
    space.status["going"] = await space.doors["going"].call("GET", "status")
    did, second = space.did("going"), space.did("second")
    await told.say("join", "--message", "we sing", by="going")
    await told.say("join", "--status", by="going", row="join --status")
    await told.say("exchange applications", by="exchange")
    await told.say("exchange reject", did, *WHY, by="exchange")
    await told.say("join", "--message", "we sing well", by="going")
    await told.say("exchange admit", did, by="exchange")
    await told.say("node cut", did, *WHY, by="node")
    await told.say("exchange member resume", did, *WHY, by="exchange")
    for act in ("suspend", "resume", "reread"):
        await told.say(f"exchange member {act}", did, *WHY, by="exchange")
    await told.say("exchange member list", by="exchange")
    for post in ("arbitrator", "deputy"):
        for act in ("name", "dismiss"):
            await told.say(f"exchange {post} {act}", second, by="exchange")
    await told.say("exchange credit", space.did("other"), "700", by="exchange")
    await told.say("exchange revoke", "ab" * 32, *WHY, by="exchange")


async def _listings(told):
    for words in ("exchange listings", "exchange indicators", "exchange connectors"):
        await told.say(words, by="exchange")
    await told.say("exchange suspend", "told", *WHY, by="exchange")
    await told.say("exchange listings", "--state", "suspended", by="exchange")
    await told.say("exchange refuse", "told", *WHY, by="exchange")
    await told.say("exchange suspend", "tides", *WHY, by="exchange")
    await told.say("exchange resume", "tides", by="exchange")
    for role in ("provider", "buyer", "exchange", "regulator", "other", "second", "third", "going", "node", "above"):
        await told.say("log anchor", by=role)
    await told.say("exchange attest", by="exchange")


async def _spaces(told):
    rules = told.write("rules.json", {"grade": 3})
    about = ("--name", "Health data", "--rules", rules)
    await told.say("exchange space create", "health", *about, by="exchange")
    await told.say("exchange space change", "health", "--description", "of all", *WHY, by="exchange")
    await told.say("space rules", "health", by="buyer")
    await told.say("exchange space close", "health", *WHY, by="exchange")


async def _templates(told):
    template = {
        "kind": "provision",
        "name": {"en": "So many times", "zh": "限定次数"},
        "abstract": {"en": "Use, so many times.", "zh": "限定次数的使用。"},
        "rules": ["uses"],
        "clauses": [{"en": "Data are as they are.", "zh": "数据按现状提供。"}],
    }
    added = await told.say("exchange template add", told.write("template.json", template), by="exchange")
    await told.say("template model", "brokerage")
    await told.say("template list", by="buyer")
    await told.say("template show", added["id"], by="buyer")
    await told.say("template fill", added["id"], "--set", "times=3", by="provider")
    await told.say("exchange template withdraw", added["id"], *WHY, by="exchange")


async def _sources(told):
    await told.say("exchange source add", "shop", told.space.url("provider"), "--kind", "dsp", by="exchange")
    for act in ("harvest", "pause", "resume", "show"):
        await told.say(f"exchange source {act}", "shop", by="exchange")
    await told.say("exchange source suspend", "shop", *WHY, by="exchange")
    await told.say("exchange source list", by="exchange")
    await told.say("exchange source drop", "shop", by="exchange")


async def _leaving(told):
    did = told.space.did("going")
    await told.space.publish_files("going", "farewell", told.space.files("farewell", (65_536,)), price=3)
    await told.say("leave", *WHY, by="going")
    await told.say("leave", "--plan", by="going", row="leave --plan")
    await told.say("leave", "--stay", by="going", row="leave --stay")
    await told.say("leave", *WHY, by="going")
    await told.say("exchange leaving list", by="exchange")
    await told.say("exchange leaving refuse", did, *WHY, by="exchange")
    await told.say("leave", *WHY, by="going")
    await told.say("exchange leaving approve", did, by="exchange")
    await told.say("leave", "--status", by="going", row="leave --status")
    await told.say("exchange member revoke", did, *WHY, by="exchange")


async def check_each_other(told):
    """From the third post on nobody acts alone."""
    keys = {post: told.folder / f"{post}.key" for post in ("system", "security", "audit")}
    await told.say("exchange operator add", "deputy", "--post", "system", by="exchange")
    await told.say("exchange operator dismiss", "deputy", *WHY, by="exchange")
    for post, key in keys.items():
        await told.say("exchange operator add", f"{post}-one", "--post", post, "--to", key, by="exchange")
    await told.say("exchange operator list", by="exchange")
    waits = [
        await told.say("exchange credit", told.space.did("other"), str(amount), key=keys["system"], row="waits")
        for amount in (5, 6)
    ]
    await told.say("exchange pending", key=keys["security"])
    await told.say("exchange assent", waits[0]["id"], key=keys["security"])
    await told.say("exchange dissent", waits[1]["id"], *WHY, key=keys["security"])
