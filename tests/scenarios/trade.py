"""What a scenario does: a policy is published, agreed to, used under and ended, by the commands of who does it."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta

from pyarrow import csv
from pyarrow import parquet as pq

from connector.runtime.clock import Clock
from tests.api.command import commanded, penstock

ALLOWED, USAGE, REFUSED, ABSENT, UNSIGNED, LATER = 0, 2, 3, 4, 5, 7
TIMES = 5
RESEARCH, CANCER, MARKETING = "Research", "CancerResearch", "Marketing"
ROWS = 500
TABLE = "day,millimetres,station\n" + "".join(f"{day},{day * 3 % 17},S{day % 5}\n" for day in range(ROWS))
PRICE, DEAR = "1.00", "1000.00"
LEASED = ("--tier", "leased", "--unit", "opening")
TERM_SECONDS = 300 * 86_400


def atom(left, operator, right, **more):
    return {"leftOperand": left, "operator": operator, "rightOperand": right, **more}


def only(*constraints, action="use", **more):
    """Write a policy of one permission."""
    return {"permission": [{"action": action, "constraint": list(constraints)}], **more}


def instant(when: datetime):
    """Write a time as a policy has it."""
    return when.isoformat(timespec="seconds").replace("+00:00", "Z")


class Trade:
    """The space of the scenarios, its clock, and what has been published in it."""

    barred = "urn:group:barred"  # of which `other` is a member

    def __init__(self, space, clock):
        self.space, self._clock, self.ahead = space, clock, 0
        self.csv, self.parquet = space.folder / "rain.csv", space.folder / "rain.parquet"
        self.csv.write_text(TABLE)
        pq.write_table(csv.read_csv(self.csv), self.parquet)
        self._opened = 0

    def now(self, seconds=0):
        """Return the time of everybody's clock, or so many seconds from then."""
        return Clock().now() + timedelta(seconds=self.ahead + seconds)

    def later(self, seconds):
        """Move everybody's clock; whoever asks for the time meanwhile finds the old one or the new one."""
        self.ahead += int(seconds)
        after = self._clock.with_suffix(".after")
        after.write_text(str(self.ahead))
        after.replace(self._clock)

    async def restart(self, role):
        """Start a participant anew: what it waits for is waited for by the clock as it is now."""
        await self.space.people[role].stop()
        await self.space.people[role].start(self.space.environment)

    async def offer(self, product, policy, *more, code=ALLOWED, words=()):
        """Publish the table under a policy (None: `more` says the rules) and have it listed; or see it refused."""
        line = ("publish", self.parquet if "--column" in more else self.csv, "--title", product, "--id", product)
        line += (*(() if "--price" in more else ("--price", PRICE)), "--until", instant(self.now(TERM_SECONDS)), *more)
        if policy is not None:
            path = self.space.folder / f"{product}.json"
            path.write_text(json.dumps(policy))
            line += ("--policy", path)
        told = await self.says("provider", line, code, words)
        if code == ALLOWED:
            await penstock(self.space, "exchange", "exchange", "review", product)
        return told

    async def buy(self, product, role="buyer", *more, code=ALLOWED, words=(), **asked):
        """Negotiate, sign and pull; returns the agreement's digest. Or see it refused before anything is signed.

        `asked` may have its `purpose`, and `named`, the id of the acquisition.
        """
        signed = len(self.space.rows(role, "agreements"))
        line = ("get", product, "--max-price", DEAR, "--purpose", asked.get("purpose", RESEARCH))
        told = await self.says(role, (*line, "--id", asked.get("named", f"{role}-{product}"), *more), code, words)
        if code == ALLOWED:
            return told["agreement"]
        assert len(self.space.rows(role, "agreements")) == signed
        return None

    async def use(self, product, role="buyer", *, code=ALLOWED, words=(), shown=TABLE, **asked):
        """Open what was got; what is shown is there (None: whatever it is), or nothing is. Returns the files.

        `asked` may have its `purpose`, what is `said` besides, `named`, the id of the opening, and `acquired`, that of
        the acquisition.
        """
        self._opened += 1
        key = asked.get("named", f"use-{self._opened}")
        to = self.space.folder / "opened" / role / key
        line = ("open", asked.get("acquired", f"{role}-{product}"), "--purpose", asked.get("purpose", RESEARCH))
        line += ("--say", asked["said"]) if "said" in asked else ()
        await self.says(role, (*line, "--id", key, "--to", to), code, words)
        files = sorted(to.iterdir()) if to.exists() else []
        assert len(files) == (code == ALLOWED)
        if shown is not None:
            assert all(path.read_text() == shown for path in files)
        return files

    async def sublicense(self, digest, product, *more, until=30 * 86_400, code=ALLOWED, words=()):
        """Pass an agreement of the buyer's on to `other`; returns the file, which is there if it was signed."""
        out = self.space.folder / f"{product}-{len(more)}.licence"
        line = ("sublicense", digest, "--to", self.space.did("other"), "--until", instant(self.now(until)))
        await self.says("buyer", (*line, "--out", out, *more), code, words)
        assert out.exists() is (code == ALLOWED)
        return out

    async def says(self, role, line, code, words):
        """Say a command; hold its exit code and what it says against what is expected."""
        for _ in range(TIMES):
            ended = await commanded(*line, "--data", self.space.people[role].data, "--json")
            # a busy peer asks to come later: under the same id nothing is done twice
            if ended.code != LATER or "--id" not in line:
                break
            await asyncio.sleep(1)
        assert ended.code == code, (line, ended)
        for word in [words] if isinstance(words, str) else words:
            assert word in (ended.out + ended.err).decode(), (word, ended)
        return json.loads(ended.out) if code == ALLOWED else None

    async def destroyed(self, role, digest):
        """Return what a participant knows to be destroyed under an agreement."""
        return (await penstock(self.space, role, "show", digest))["destroyed"]

    def kinds(self, role, digest):
        """Return the kinds of the events that a participant's log has of an agreement."""
        return [row["kind"] for row in self.space.rows(role, "log_entries") if digest in str(row)]
