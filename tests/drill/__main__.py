"""`make drill`: play the journey once, cheat on copies of it in every way of the table, and say what the audit found.

    python -m tests.drill [--record]

Ends with 0 if every cheat is caught by the finding that should name it and none of those that cannot be seen is taken
for another. `--record` writes docs/drill.json, of which docs/audit.md shows the table.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from docs.generate import drill as shown
from tests.drill import recorded
from tests.drill.drill import CHEATS, HONEST, UNSEEN, Outcome, tried

if TYPE_CHECKING:
    from tests.drill.recorded import Played


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def each(played: Played) -> list[Outcome]:
    """Try every cheat and show a line for each as it ends."""
    outcomes = []
    for cheat in (*CHEATS, *HONEST, *UNSEEN):
        outcome = await tried(cheat, played)
        outcomes.append(outcome)
        mark = "    " if outcome.as_said else "MISS"
        say(f"{mark} {cheat.promise}  {cheat.by:<20}  {cheat.name:<42}  {outcome.words()}")
    return outcomes


async def main() -> int:
    with tempfile.TemporaryDirectory(prefix="penstock-drill-") as folder:
        async with recorded.played(Path(folder)) as played:
            if not played.report.clean:
                say("the run that is to be forged is not clean: " + ", ".join(sorted(played.report.codes())))
                return 1
        outcomes = await each(played)
    cheats = [one for one in outcomes if not one.cheat.unseen and not one.cheat.honest]
    caught = [one for one in cheats if one.as_said]
    honest = [one for one in outcomes if one.cheat.honest and one.as_said]
    unseen = [one for one in outcomes if one.cheat.unseen]
    say(f"{len(HONEST)} accidents of honest people, {len(honest)} without an accusation")
    say(f"{len(CHEATS)} tried, {len(caught)} caught; {len(unseen)} more cannot be seen by nature, named above")
    if "--record" in sys.argv:
        told = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "rows": [one.json() for one in outcomes]}
        shown.RECORD.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return 0 if all(one.as_said for one in outcomes) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
