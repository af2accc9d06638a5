"""Credentials: asked for, held and shown by a member, forgotten, issued, granted and taken back by the exchange."""

from __future__ import annotations

import asyncio

from tests.api.answers.told import WITHIN_SECONDS
from tests.api.command import penstock

WHY = ("--reason", "it is tried")


async def play(told):
    await told.say("credential request", "MembershipCredential", "RoleCredential", by="buyer")
    await told.say("credential requests", by="buyer")
    async with asyncio.timeout(WITHIN_SECONDS):
        while len(held := (await told.say("credential list", by="buyer"))["credentials"]) < 2:
            await asyncio.sleep(0.2)
    await penstock(told.space, "buyer", "find", "--at", told.space.url("provider") + "/dsp")
    await told.say("credential forget", told.space.did("buyer"), by="provider")
    await told.say("credential drop", held[0]["credential"], by="buyer")
    await told.say("credential offers", by="buyer")
    await told.say("credential shown", by="provider")
    for act in ("add", "list", "remove"):
        await told.say(f"credential client {act}", *(() if act == "list" else ("edc",)), by="buyer")
    holder = told.space.did("other")
    await told.say("exchange credential grant", holder, "AuditCredential", "--claims", "level=3", by="exchange")
    await told.say("exchange credential grants", by="exchange")
    await told.say("exchange credential offer", holder, "AuditCredential", *WHY, by="exchange")
    [first, *_] = (await told.say("exchange credential list", by="exchange"))["credentials"]
    await told.say("exchange credential revoke", first["credential"], *WHY, by="exchange")
    await told.say("exchange credential withdraw", holder, "AuditCredential", *WHY, by="exchange")
