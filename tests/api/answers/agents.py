"""What an agent may do, what it proposes, and what a person makes of that."""

from __future__ import annotations

from tests.api.answers.told import WITHIN_SECONDS
from tests.api.space import PURPOSE


async def play(told):
    bounds = ("--max-price", "700", "--max-total", "70000", "--purpose", PURPOSE, "--why", "it has the rain")
    await told.say("admin key add", "assistant", "--scope", "look", "--budget", "50.00", by="buyer")
    await told.say("agent show", "assistant", by="buyer")
    first, second = [(await told.say("agent propose", "told", *bounds, by="buyer"))["id"] for _ in range(2)]
    await told.say("agent proposals", by="buyer")
    await told.say("agent assent", first, by="buyer")
    await told.space.complete(first, within=WITHIN_SECONDS)
    await told.say("agent decline", second, "--reason", "once is enough", by="buyer")
    await told.say("admin key remove", "assistant", by="buyer")
