"""Do the books agree when all is over: what was due, paid, acknowledged and claimed, and what an audit finds."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections import defaultdict

COMMAND = (sys.executable, "-m", "connector.cli.entry")
SETTLE_TRIES = 5
# the chain's news reach the other side in seconds
WAITING_TRIES, LOOK_SECONDS = 10, 3.0
CLEAN = 0


async def command(*words, environment=None):
    """Run a command with `--json` as its user; return its exit code and what it printed."""
    streams = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.PIPE}
    process = await asyncio.create_subprocess_exec(
        *COMMAND, *map(str, words), "--json", **streams, env={**os.environ, **(environment or {})}
    )
    said, fault = await process.communicate()
    try:
        return process.returncode, json.loads(said)
    except json.JSONDecodeError:
        return process.returncode, {"fault": (said + fault).decode(errors="replace")[-2000:]}


async def settle(space):
    """Have every provider settle all; return the faults of channels that could not be."""
    faults = []
    for name, person in space.of("provider").items():
        for _ in range(SETTLE_TRIES):
            told = await person.patient(lambda client: client.settlement_make())
            found = [f"{name} {row['channel']}: {row['fault']['text']}" for row in told["channels"] if "fault" in row]
            if not found:
                break
        faults += found
    return faults


async def unequal(space, orders):
    """Return, in words, the agreements of which two of these differ: due, paid on each side's books, claimed."""
    due = defaultdict(int)
    for order in orders:
        if order.agreement:
            due[order.agreement] += order.good.due if order.state == "complete" else 0
    sold = await _bills(space, "provider")
    bought = await _bills(space, "buyer")
    wrong = []
    for agreement, amount in due.items():
        theirs, ours = sold.get(agreement), bought.get(agreement)
        said = {
            "due": amount,
            "sold": theirs and int(theirs["amount"]),
            "bought": ours and int(ours["amount"]),
            "claimed": theirs and int(theirs["claimed"]),
        }
        if len(set(said.values())) > 1:
            wrong.append(f"{agreement}: {said}")
    return wrong


async def _bills(space, role):
    """Return agreement → order, as every participant of a role bills it."""
    rows = {}
    for person in space.of(role).values():
        first = 0
        while page := (await person.patient(lambda client, at=first: client.bill_list(first=at)))["orders"]:
            rows |= {row["agreement"]: row for row in page if row["role"] == role.replace("buyer", "consumer")}
            first += len(page)
    return rows


async def audit(space):
    """Audit the space as its regulator; return the errors found, in words."""
    data = space.people["regulator"].data
    rpc = ("--rpc", space.ground.rpc) if space.ground.rpc else ()
    code, told = await command("audit", "--exchange", space.url, "--data", data, "--development", *rpc)
    if "findings" not in told:
        return [f"the audit ended with {code}: {told}"]
    errors = [one for one in told["findings"] if one["severity"] == "error"]
    return [json.dumps(one, ensure_ascii=False) for one in errors] or ([] if code == CLEAN else [f"exit code {code}"])


async def waiting(space):
    """Return, in words, what `penstock doctor --orders` lists anywhere once all is settled."""
    for _ in range(WAITING_TRIES):
        found = [one for name in space.people for one in await _waiting(space, name)]
        if not found:
            break
        await asyncio.sleep(LOOK_SECONDS)
    return found


async def _waiting(space, name):
    person = space.people[name]
    code, told = await command("doctor", "--orders", "--data", person.data, environment=person.environment)
    if code:
        return [f"{name}: the command ended with {code}: {told}"]
    return [f"{name}: {json.dumps(one, ensure_ascii=False)}" for one in told["waiting"]]
