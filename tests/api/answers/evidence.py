"""What anybody checks: policies, logs, the chain, and the whole of it as the regulator."""

from __future__ import annotations

import asyncio
import json
import sys

from connector.cli.policy import EXAMPLE_FILES

PENSTOCK = (sys.executable, "-m", "connector.cli.main")


async def play(told):
    await _policies(told)
    await _logs(told)
    await _chains(told)
    url = told.space.url("exchange")
    read, part, seed = told.folder / "space.zip", told.folder / "part.json", ("--seed", "5e" * 32)
    asked = ("--exchange", url, "--development", "--bundle", read)
    await told.say("audit", *asked, by="regulator", codes=(0, 6))
    share = ("--read", read, "--share", "1/1", *seed, "--part", part)
    await told.say("audit", *share, by="regulator", row="audit --share")
    await told.say("audit join", part, "--read", read, *seed, by="regulator", codes=(0, 6))


async def _policies(told):
    example = await told.say("policy example", "count", "--to", told.folder / "example")
    policy = example["files"]["policy"]
    for words in ("policy explain", "policy check"):
        await told.say(words, policy)
    for words in ("policy compare", "policy diff"):
        await told.say(words, policy, policy)
    asked = [part for name in EXAMPLE_FILES for part in (f"--{name}", example["files"][name])]
    await told.say("policy decide", *asked)
    await told.say("policy try", policy)
    await told.say("policy translate", policy, "--to", "tc609")
    await told.say("policy template list")
    for name in ("uses", "role"):
        await told.say("policy template show", name)
    await told.say("policy template fill", "uses", "region", "--set", "times=3", "--set", "region=CN")


async def _logs(told):
    proof, entry = told.folder / "1.tlog-proof", told.folder / "1.entry"
    for words in ("log head", "log mark", "log forks"):
        await told.say(words, by="buyer")
    await told.say("log proof", "1", "-o", proof, "--entry", entry, by="buyer")
    policy = await told.say("log policy", told.space.did("buyer"), by="buyer")
    trusted = told.write("buyer.policy", policy["policy"])
    await told.say("log verify", proof, "--entry", entry, "--log-policy", trusted)
    await told.say("log fsck", by="provider")
    index = len(told.space.rows("second", "log_entries")) - 1
    await told.say("log erase", str(index), "--why", "a person asked for it", by="second")
    await told.say("log disclose", by="second")
    await told.say("log rekey", "--why", "the back-up was lost", by="other")


async def _chains(told):
    """A chain that is hosted by itself, with programs of its own, and a copy of it that anybody can check."""
    data, copy = told.folder / "chain", told.folder / "chain.txt"
    await told.say("chain status", by="buyer")
    command = (*PENSTOCK, "chain", "serve", "--data", str(data), "--port", "0", "--json")
    serving = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        hosted = json.loads(await serving.stdout.readline())
        told.found["chain serve"].append(hosted)
        deploying = ("chain deploy", "--rpc", hosted["rpc"], "--data", str(told.folder / "new"))
        await told.say(*deploying, "--dry-run", row="chain deploy --dry-run")
        await told.say(*deploying)
        export = (*PENSTOCK, "chain", "export", "--rpc", hosted["rpc"])
        with copy.open("wb") as file:
            assert await (await asyncio.create_subprocess_exec(*export, stdout=file)).wait() == 0
    finally:
        serving.terminate()
        await serving.wait()
    await told.say("chain check", copy)
