"""What members trade with each other, and quarrel about: demands, services, bills, complaints, disputes, rights."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from connector.runtime.errors import PenstockError
from tests.api.space import PURPOSE
from tests.api.test_disputes import buy_a_lie
from tests.api.test_engines import attach
from tests.compute import programs

LATER = "2099-01-01T00:00:00Z"


async def play(told):
    await _lists(told)
    await _demands(told)
    await _projects(told)
    await _hosting(told)
    await _filings(told)
    await _deals(told)
    await _codes(told)
    await _contracts(told)
    await _served(told)
    await _services(told)
    await _bills(told)
    await _computations(told)
    await _wallets(told)
    await _complaints(told)
    await _rights(told)
    await _transfers(told)
    await _disputes(told)


async def _lists(told):
    about = ("--title", "Gauges", "--owner", "Harbour Office", "--steward", "Li Wei")
    await told.say("resource add", "gauges", *about, by="provider")
    for words in ("resource list", "version list told", "version compare told 1 1"):
        await told.say(words, by="provider")
    for words in ("product show told", "prices", "space list", "space show main", "space rules main"):
        await told.say(words, by="buyer")
    for words in ("product face told --as dcat", "product catalogue --as dcat"):
        await told.say(words, by="buyer")
    for way in ("card", "contract", "croissant"):
        await told.say("product show", "told", f"--{way}", by="buyer", row=f"product show --{way}")
    await told.say("reputation", told.space.did("provider"), by="buyer")
    for price, words in ((3, "Tides"), (4, "Depths")):
        path = told.write("tides.csv", f"day,{words}\n" + "".join(f"{day},{day * price}\n" for day in range(400)))
        await told.space.publish_files("provider", "tides", [path], title=f"{words} told", price=price)
    back = ("tides", "1", "--reason", "the new one was wrong")
    await told.say("version roll-back", *back, by="provider")
    await told.say("purposes", "weather")
    await told.say("plan", "--members", "100", "--deals-per-day", "1000")
    await told.say("orders told", by="provider")
    await told.space.publish("provider", "shopped", (70_000,))
    await told.say("price shopped", "4.20", by="provider")
    await told.say("unpublish shopped", "--reason", "it was a trial", by="provider")


ENGINED = {"subject": "firm", "noise": "2", "budget": "20", "engine": "mean:1"}


async def _computations(told):
    rows = "".join(f"F{at % 200},{'AB'[at % 2]},{at}\n" for at in range(400))
    path = told.write("counted.csv", "firm,district,revenue\n" + rows)
    gate = {"subject": "firm", "epsilon": "3", "filled": "revenue"}
    asked = {"tier": "computed", "unit": "query", "gate": gate, "pieceKiB": None}
    await told.space.publish_files("provider", "counted", [path], **asked)
    await told.buy("counted", "counted")
    await told.say("query", "counted", "select district, count(*) from counted group by 1", by="buyer")
    kept = str(told.folder / "counted.question.json")
    await told.say("program question", "counted", "--count", "--by", "district", "--out", kept, by="buyer")
    mine = told.write("own.csv", "firm\n" + "".join(f"F{at}\n" for at in range(150)))
    await told.say("try", "counted", "--with", mine, "--key", "firm", by="buyer")
    await told.space.publish_files(
        "provider", "looked", [path], **{**asked, "gate": {"subject": "firm", "lookup": "5"}}
    )
    await told.buy("looked", "looked")
    await told.say("lookup", "looked", "F7", "F999", by="buyer")
    noisy = {"subject": "firm", "noise": "2", "budget": "20", "programs": "1"}
    await told.space.publish_files("provider", "run-on", [path], **{**asked, "gate": noisy})
    await told.buy("run-on", "run-on")
    program = ["--with", told.write("mean.wat", programs.MEAN.decode()), "--tells", "mean:0:400"]
    rows = "select revenue from counted"
    await told.say("rehearse", rows, "--on", path, "--key", "firm", "--seconds", "1", *program, by="buyer")
    await told.say("run", "run-on", rows, *program, by="buyer")
    said = ("run-on", rows, *program, "--for", told.space.did("buyer"), "--of", told.space.did("provider"))
    ends = ("--until", "2029-01-01T00:00:00Z", "--why", "a mean of all", "--out", str(told.folder / "assent.json"))
    given = await told.say("program assent", *said, *ends, by="other")
    await told.say("program assents", by="other")
    await told.say("program show", given["assent"][:12], "--out", str(told.folder / "again.json"), by="other")
    attach(told.space)
    await told.space.publish_files("provider", "engine-on", [path], **{**asked, "gate": ENGINED})
    await told.buy("engine-on", "engine-on")
    await told.say("run", "engine-on", rows, "--engine", "mean", "--blocks", "20", *program[2:], by="buyer")
    await _together(told, path)
    await _related(told)
    await _learned(told)
    with suppress(PenstockError):
        odd = {"what": "counted", "statement": "select nothing from counted", "purpose": None, "job": "odd"}
        await told.space.doors["buyer"].call("POST", "queries", odd)
    await told.say("admin cancel", "counted", "odd", by="buyer")
    await told.say("admin queries", by="buyer")
    await told.say("admin computations", by="provider")
    await told.say("admin readers", by="buyer")


async def _together(told, path):
    names = ("provider", "second", "third")
    gate = {"subject": "firm", "noise": "2", "budget": "20", "bounds": "revenue:0:400"}
    for name in names:
        others = ",".join(told.space.did(one) for one in names if one != name)
        brief = {"tier": "computed", "unit": "query", "gate": {**gate, "with": others}, "pieceKiB": None}
        await told.space.publish_files(name, f"joint-{name}", [path], **brief)
        await told.buy(f"joint-{name}", f"joint-{name}")
    asked = [word for name in names for word in ("--of", f"joint-{name}")]
    statement = "select district, count(*) from counted group by 1"
    await told.say("joint", statement, *asked, "--over", "district=A,B", by="buyer")
    own = told.write("pairs.csv", "firm,late,age\n" + "".join(f"F{at},{at % 2},{at * 5 % 7}\n" for at in range(300)))
    for name in names:
        others = ",".join(told.space.did(one) for one in names if one != name)
        bounds = {"with": others, "bounds": "late:0:1,age:0:7"}
        brief = {"tier": "computed", "unit": "query", "gate": {**gate, **bounds}, "pieceKiB": None}
        await told.space.publish_files(name, f"model-{name}", [own], **brief)
        await told.buy(f"model-{name}", f"model-{name}")
    asked = [word for name in names for word in ("--of", f"model-{name}")]
    await told.say("model", "pairs", *asked, "--label", "late", "--feature", "age", "--with", own, by="buyer")


async def _related(told):
    gate = {"subject": "firm", "noise": "5", "budget": "20", "sketch": "256"}
    brief = {"tier": "computed", "unit": "query", "gate": gate, "pieceKiB": None}
    rows = told.write("used.csv", "firm,kwh\n" + "".join(f"F{at},{at % 7}\n" for at in range(9_000)))
    own = told.write("loans.csv", "firm,late\n" + "".join(f"F{at},{at % 2}\n" for at in range(9_000)))
    await told.space.publish_files("provider", "used", [rows], **brief)
    await told.buy("used", "used")
    numbers = ("--label", "late", "--number", "late:0:1", "--number", "kwh:0:7")
    await told.say("relate", "--of", "used", "--with", own, "--key", "firm", *numbers, by="buyer")


async def _learned(told):
    gate = {"subject": "firm", "noise": "5", "budget": "20", "learn": "500"}
    rows = told.write("power.csv", "firm,kwh\n" + "".join(f"F{at},{at % 7}\n" for at in range(400)))
    own = told.write("late.csv", "firm,late\n" + "".join(f"F{at},{at % 2}\n" for at in range(400)))
    await told.space.publish_files("provider", "power", [rows], tier="computed", unit="query", gate=gate, pieceKiB=None)
    await told.buy("power", "power")
    about = ("--key", "firm", "--label", "late", "--number", "kwh:0:7", "--rounds", "1")
    await told.say("learn", "power", "--with", own, *about, by="buyer")


async def _demands(told):
    about = ("--until", LATER, "--purpose", PURPOSE, "--in", "US", "--unit", "byte")
    for key in ("want", "met", "unwanted"):
        await told.say("demand post", "rain told", *about, "--id", key, by="buyer")
    await told.say("demand list", by="buyer")
    await told.say("demand list", "--for", "told", by="provider", row="demand list --for")
    await told.say("demand show", "want", by="buyer")
    await told.say("demand negotiate", "want", "told", by="buyer")
    await told.say("demand reopen", "want", "--reason", "it came to nothing", by="buyer")
    await told.say("demand negotiate", "met", "told", by="buyer")
    await told.say("demand meet", "met", told.agreement, by="buyer")
    await told.say("demand withdraw", "unwanted", by="buyer")
    await told.say("demand pursue", "want", "--max-price", "700", "--purpose", PURPOSE, by="buyer")
    await told.moved("buyer", "pursuits/want", state="met")


async def _projects(told):
    shares = (("provider", "provider:60"), ("buyer", "developer:40"))
    parties = [f"--party={told.space.did(role)}={share}" for role, share in shares]
    for key in ("joint", "unwished", "taken-back"):
        more = ("--text", "what both know", "--until", LATER, "--id", key)
        await told.say("project propose", "Tides and trade", *parties, *more, by="provider")
    await told.say("project list", by="buyer")
    await told.say("project sign", "joint", by="buyer")
    await told.say("project decline", "unwished", "--reason", "too little", by="buyer")
    await told.say("project withdraw", "taken-back", by="provider")
    file = told.write("both.csv", "day,mm\n1,2\n")
    made = ("--file", file, "--made-of", "told", "--note", "a first try")
    await told.say("project add", "joint", "both", *made, by="buyer")
    await told.space.publish_files("provider", "of-joint", [file], title="Tides and trade", project="joint")
    await told.say("project show", "joint", by="buyer")
    await told.say("project end", "joint", "--reason", "all is sold", by="buyer")


async def _hosting(told):
    await told.space.publish("provider", "kept-by-host", (70_000,))
    to = ("--to", told.space.did("second"), "--share", "10", "--until", LATER)
    await told.say("hosting delegate", "kept-by-host", *to, "--id", "hosted-told", by="provider")
    await told.say("hosting accept", "hosted-told", "--from", told.space.did("provider"), by="second")
    await told.say("hosting list", by="second")
    await told.say("hosting show", "hosted-told", by="provider")
    await told.say("hosting log", "hosted-told", by="provider")
    await told.say("hosting audit", "hosted-told", by="provider")
    await told.say("hosting revoke", "hosted-told", "--reason", "it was a trial", by="provider")


async def _codes(told):
    made = await told.say("code request", "--resource", "gauges", by="provider")
    await told.say("code list", by="provider")
    await told.say("code registered", "--kind", "resource", by="buyer")
    await told.say("code resolve", made["code"], by="node")
    await told.say("node collect", by="node")
    await told.say("node logs", by="node")
    await told.say("node trace", "told", by="regulator")
    await told.say("node connectors", by="node")
    await told.say("node above", told.space.url("above"), by="node")
    await told.say("node below list", by="above")
    below = told.space.did("node")
    await told.say("node below accept", below, by="above")
    await told.say("node report", by="node")
    await told.say("node reports", by="above")
    await told.say("node trace", "told", "--everywhere", by="regulator")
    await told.say("node below cut", below, "--reason", "it was a trial", by="above")
    await told.say("node detach", by="node")


async def _deals(told):
    made = ("--as", "provider", "--signed", "2025-11-03T00:00:00Z", "--with", told.space.did("buyer"))
    for key in ("told-tides", "told-false", "told-twice"):
        await told.say("deal file", "Tides of before", *made, "--amount", "5.00", "--id", key, by="provider")
    await told.say("deal list", by="buyer")
    await told.say("deal show", "told-tides", by="buyer")
    await told.say("deal confirm", "told-tides", by="buyer")
    await told.say("deal contest", "told-false", "--reason", "never", by="buyer")
    await told.say("deal withdraw", "told-twice", by="provider")


async def _filings(told):
    filed = await told.say("filing make", told.agreement, by="provider")
    await told.say("filing list", by="buyer")
    await told.say("filing show", filed["contractId"], by="buyer")
    await told.say("filing open", filed["contractId"], by="buyer")


async def _contracts(told):
    await told.space.publish("provider", "contracted", (5_000,), tier="plain")
    at = "ndi+" + told.space.url("provider")
    await told.say("ndi find", at, "--keywords", "contracted", by="buyer")
    got = ("--at", at, "--max-price", "10.00", "--purpose", PURPOSE, "--to", told.folder / "contracted")
    await told.say("get", "contracted", *got, "--id", "contracted", by="buyer")
    [made] = (await told.say("ndi list", by="buyer"))["contracts"]
    await told.say("ndi show", made["contractId"], by="provider")
    await told.say("ndi show", made["contractId"], "--versions", by="buyer", row="ndi show --versions")
    await told.say("ndi compare", made["contractId"], "1", "1", by="buyer")
    await told.say("filing show", made["contractId"], by="buyer")
    await told.say("ndi delivered", by="provider")
    for listed in (told.space.did("buyer"), "91440000MA00000009"):
        await told.say("ndi white add", "contracted", listed, by="provider")
    await told.say("ndi white list", "contracted", by="provider")
    await told.say("ndi white remove", "contracted", "91440000MA00000009", by="provider")
    await told.say("ndi white drop", "contracted", by="provider")
    await told.say("ndi pay", made["contractId"], by="buyer")
    await told.say("ndi paid", made["contractId"], by="provider")
    await told.say("ndi push", made["contractId"], "--to", "http://localhost:1/in", by="buyer")
    await told.say("ndi end", made["contractId"], "--reason", "it was a trial", by="buyer")
    await told.say("conform ndi", told.space.url("exchange"), "--role", "platform", by="buyer")


async def _served(told):
    space, second = told.space, told.space.did("second")
    for did, role in ((space.did("third"), "broker"), (second, "host")):
        await told.say("ndi party set", "contracted", did, "--role", role, "--share", "300", by="provider")
    await told.say("ndi party remove", "contracted", space.did("third"), by="provider")
    await told.say("ndi party list", "contracted", by="provider")
    at = {"at": "ndi+platform+" + space.url("provider"), "limit": "1000", "purpose": PURPOSE}
    for number, act in enumerate(("sign", "decline")):
        to = str(told.folder / f"served-{number}")
        body = {"id": f"served-{number}", "product": "contracted", "mandate": at | {"to": to}}
        await space.doors["buyer"].call("POST", "acquisitions", body)
        async with asyncio.timeout(30):
            while not (found := [one for one in space.rows("second", "service_contracts") if one["state"] == "asked"]):
                await asyncio.sleep(0.1)
        code = found[0]["code"]
        await told.say("ndi served list", by="second")
        await told.say("ndi served show", code, by="second")
        await told.say(f"ndi {act}", code, *(() if act == "sign" else ("--reason", "no room")), by="second")


async def _services(told):
    about = ("--title", "Tide forecast", "--type", "analytics", "--purpose", "Research")
    more = ("--until", LATER, "--endpoint", "https://tides.example/forecast")
    for price in ("20", "25"):
        await told.say("service offer", "service:told", *about, "--price", price, *more, by="provider")
        await told.say("exchange review", "service:told", by="exchange")
    await told.say("exchange listings", "--services", "--state", "listed", by="exchange")
    await told.say("service list", by="provider")
    await told.say("service roll-back", "service:told", "1", "--reason", "the price was wrong", by="provider")
    await told.say("service withdraw", "service:told", by="provider")


async def _bills(told):
    bill = told.folder / "bill.json"
    found = await told.say("bill list", by="buyer")
    await told.say("bill show", told.agreement, "--to", bill, by="buyer")
    await told.say("bill show", found["orders"][0]["agreed"][:7], by="buyer", row="bill show MONTH")
    await told.say("bill check", bill, "--rpc", told.space.url("exchange") + "/rpc", "--development", codes=(0, 6))


async def _wallets(told):
    for words in ("wallet", "wallet collect"):
        await told.say(words, by="exchange")
    await told.say("bill refund", told.agreement, "1", "--reason", "a day is missing", "--id", "day", by="provider")
    for key, amount in (("paid", "500"), ("never-paid", "70")):
        asked = await told.say("wallet add", amount, "--id", key, by="buyer")
        if key == "paid":
            about = (told.space.did("buyer"), amount, "--reference", asked["reference"])
            await told.say("exchange credit", *about, by="exchange")
    await told.say("exchange request list", by="exchange")
    await told.say("exchange request refuse", asked["reference"], "--reason", "it never came", by="exchange")
    home = await told.say("wallet withdraw", "30", "--id", "home", by="buyer")
    await told.say("exchange request pay", home["reference"], by="exchange")
    await told.say("wallet requests", by="buyer")


async def _complaints(told):
    words = ("--words", "no file of March is in it")
    await told.say("complaint file", told.agreement, *words, "--id", "march", by="buyer")
    await told.say("complaint list", by="provider")
    await told.say("complaint show", "march", by="buyer")
    await told.say("complaint answer", "march", "--words", "edition 3 has it", by="provider")
    await told.say("complaint escalate", "march", "--words", "it lacks it, too", by="buyer")
    await told.say("complaint close", "march", "--words", "it does", "--as", "upheld", by="exchange")
    await told.say("settle", told.agreement, by="provider")
    await told.say("complaint file", told.agreement, *words, "--id", "april", by="buyer")
    await told.say("complaint answer", "april", "--words", "edition 4 has it", by="provider")
    await told.say("complaint escalate", "april", "--words", "it lacks it, too", by="buyer")
    await told.say("complaint order", "april", "1", "--words", "it does", by="exchange")
    await told.say("complaint pay", "april", by="provider")


async def _rights(told):
    agreement, other = told.agreement, told.space.did("other")
    await told.space.publish("provider", "pledged", (70_000,))
    edition = next(row["edition"] for row in told.space.rows("provider", "products") if row["id"] == "pledged")
    await told.say("rights show", agreement, by="buyer")
    await told.say("rights pledge", edition, "--to", other, "--terms", "loan 17", by="provider")
    await told.say("rights show", edition, by="buyer")
    await told.say("rights release", edition, by="other")
    await told.say("rights transfer", edition, "--to", other, by="provider")
    await told.say("rights transfer", edition, "--to", told.space.did("provider"), by="other")
    await told.say("rights withdraw", edition, "--reason", "superseded", by="provider")
    for act in ("suspend", "resume"):
        await told.say(f"rights {act}", agreement, "--reason", "an invoice", by="provider")


async def _transfers(told):
    """Openings that are leased leave their transfer running, to be paused and gone on with."""
    await told.space.publish("provider", "leased", (70_000,), price=250, openings=9)
    transfer = (await told.buy("leased", "leased-1"))["transfer"]
    await told.say("transfer show", "leased-1", by="buyer")
    for act, state in (("pause", "SUSPENDED"), ("resume", "STARTED"), ("cancel", "TERMINATED")):
        await told.say(f"transfer {act}", "leased-1", by="buyer")
        await told.transferring("buyer", transfer, state)


async def _disputes(told):
    wronged = await buy_a_lie(told.space, "disputed")
    case = (await told.say("dispute file", wronged.kept, by="buyer"))["id"]
    await told.say("dispute list", by="regulator")
    await told.say("dispute show", case, by="regulator")
    await told.say("dispute hold", case, "--days", "3", by="regulator")
    await told.say("dispute rule", case, by="regulator")
    await told.say("dispute show", case, by="buyer")
