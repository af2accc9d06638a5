"""The journey: from a file to its revenue, a verb after the other."""

from __future__ import annotations

from datetime import timedelta

from tests.api.space import PURPOSE, term_end


async def play(told):
    space, folder = told.space, told.folder
    file = told.write("rain.csv", "day,fall\n" + "".join(f"{day},{day * 2}\n" for day in range(500)))
    about = [str(file), "--title", "Rain told", "--price", "700", "--purpose", PURPOSE, "--region", "US"]
    about += ["--until", term_end(space.now()), "--id", "told", "--onward", "--sample", "3", "--class", "topic=B0300"]
    bounds = ("told", "--max-price", "700", "--purpose", PURPOSE)
    await told.say("init", "--development", "--data", str(folder / "new"))
    await told.say("publish", *about, by="provider")
    await told.say("exchange read", "told", by="exchange")
    await told.say("exchange review", "told", by="exchange")
    await told.say("find", "rain", by="buyer")
    await told.say("find", "rain", "--save", "rains", by="buyer", row="find --save")
    await told.say("quote", "told", by="buyer")
    got = await told.say("get", *bounds, "--id", "told", by="buyer")
    told.agreement = agreement = got["agreement"]
    await told.say("show", agreement, by="buyer")
    await told.say("show", by="buyer")
    await told.say("open", "told", "--purpose", PURPOSE, "--to", str(folder / "opened"), by="buyer")
    await told.say(
        "vault export-keys", "told", "--purpose", PURPOSE, "--to", str(folder / "told.keys.json"), by="buyer"
    )
    soon = (space.now() + timedelta(days=20)).isoformat(timespec="seconds")
    child = ("--to", space.did("other"), "--until", soon, "--out", folder / "child.json")
    await told.say("sublicense", agreement, *child, by="buyer")
    await told.say("amend", agreement, "--price", "600", by="buyer")
    await told.say("settle", by="provider")
    for words in ("doctor", "doctor --orders", "searches"):
        await told.say(words, by="buyer")
    for option in ("--seen", "--drop"):
        await told.say(f"searches {option}", "rains", by="buyer")
    await told.say("contract", agreement, "-o", folder / "contract.json", by="buyer")
    licence = folder / "licence.json"
    await told.say("chain licence", agreement, "-o", licence, by="buyer")
    document = told.write("space.json", (await space.outbound.get(space.url("exchange") + "/space")).json())
    await told.say("verify", licence, "--deployment", document)
