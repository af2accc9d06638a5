"""Credentials: asked for, held and shown by a member, forgotten, issued, granted and taken back by the exchange."""

from __future__ import annotations

import asyncio

from tests.api.answers.told import WITHIN_SECONDS
from tests.api.command import penstock
from tests.api.space import PURPOSE, term_end
from tests.api.visitor import Visitor

WHY = ("--reason", "it is tried")


async def authorities(told):
    """An account of the buyer buys within the authority that it has; the provider asks under which."""
    space, until = told.space, term_end(told.space.now())
    await penstock(space, "buyer", "admin", "account", "add", "signer", "--operator")
    granted = await told.say("authority grant", "signer", "--up-to", "100000.00", "--until", until, by="buyer")
    await told.say("authority list", by="buyer")
    async with Visitor(space.url("buyer")) as visitor:
        await visitor.open((await penstock(space, "buyer", "admin", "account", "link", "signer"))["url"])
        bought = await visitor.send(
            await visitor.open("catalogue/told/quote"), "/purchase", limit="7.00", purpose=PURPOSE
        )
        assert bought.status == 200, bought.text
    async with asyncio.timeout(WITHIN_SECONDS):
        while not (signed := (await told.say("authority show", granted["authority"], by="buyer"))["signed"]):
            await asyncio.sleep(0.2)
        while (await penstock(space, "buyer", "show", signed[0]["agreement"]))["state"] != "performing":
            await asyncio.sleep(0.2)
    await told.say("authority ask", signed[0]["agreement"], by="provider")
    await told.say("authority revoke", granted["authority"], *WHY, by="buyer")


async def play(told):
    await authorities(told)
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
