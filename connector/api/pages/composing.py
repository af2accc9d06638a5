"""Rules put together in the console, and tried before anybody asks; what is put together ends in the publishing form.

Law: the page does nothing and keeps nothing: its address has the rules, so going back is going back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from catalog.codes import TIERS
from connector.console import composing, describing, language
from connector.enforcement.trial import Sample, tried
from connector.identity.space.view import SpaceView
from connector.provider.rules import require_offerable
from connector.runtime.errors import InvalidInput
from policy.errors import PolicyError
from policy.values import instant
from policy.words.speak import reason

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from connector.api.call import Call
    from contracts.canonical import JsonObject

# of one field of a form
SAID_MAX = 1_000
USED_DIGITS = 9
# what is asked of the sample
TRIED = ("purpose", "region", "used", "at")


async def rules(call: Call) -> JsonObject:
    """Return the rules so far with one piece more or less, what is wrong with that, and how they decide a sample."""
    said = {name: text[:SAID_MAX] for name, text in call.request.query.items() if name != "rules"}
    tier = said.get("tier", "")
    tier = tier if tier in TIERS else "kept"
    failure, before = None, composing.START
    try:
        before = composing.read(call.request.query.get("rules", ""))
        now = composing.dropped(before, said["drop"]) if said.get("drop") else composing.added(before, said)
        require_offerable(now, {"tier": tier}, call.of(SpaceView).last().currency)
    except composing.FAULTS as fault:
        failure, now = {"text": str(fault), "hint": getattr(fault, "hint", "")}, before
    text = orjson.dumps(now).decode()
    if len(text) > composing.CHARACTERS_MAX:
        hint = "keep them in a file: `penstock publish --policy FILE`"
        failure, now = {"text": "these are more rules than a page holds", "hint": hint}, before
        text = orjson.dumps(now).decode()
    told = {"text": text, "pieces": composing.pieces(now, tier), "rules": describing.rules(now, "product")}
    shown = orjson.dumps(now, option=orjson.OPT_INDENT_2).decode()
    sample = {name: said.get(name, "") for name in TRIED}
    return {
        **told,
        **composing.choices(),
        "shown": shown,
        "tier": tier,
        "tiers": [{"key": key, "en": one.en, "zh": one.zh} for key, one in TIERS.items()],
        "purposes": describing.purposes(),
        "sample": sample,
        "tried": _tried(now, sample, tier, call.core.clock.now()) if said.get("try") else None,
        "failure": failure,
    }


def _tried(made: Mapping[str, Any], sample: Mapping[str, str], tier: str, now: datetime) -> JsonObject:
    """Return how the rules decide a sample, and why, by language; or what is wrong with the sample."""
    try:
        decision = tried(made, _sample(sample, tier, now))
    except (PolicyError, InvalidInput) as fault:
        return {"outcome": "", "why": {lang: [str(fault)] for lang in language.LANGUAGES}}
    why = {lang: [reason(one, lang) for one in decision.reasons] for lang in language.LANGUAGES}
    return {"outcome": decision.outcome.value, "why": why}


def _sample(said: Mapping[str, str], tier: str, now: datetime) -> Sample:
    """Return the sample of a form; raises InvalidInput."""
    used, at = said["used"].strip() or "0", said["at"].strip()
    if not (used.isascii() and used.isdecimal() and len(used) <= USED_DIGITS):
        raise InvalidInput(f"`{used[:40]}` is no number of uses", "a whole number")
    moment = instant(at) if at else now
    if moment is None:
        raise InvalidInput(f"`{at[:60]}` is no moment", "write it as 2027-01-31T18:00:00+08:00")
    return Sample(moment, region=said["region"].strip(), purpose=said["purpose"], tier=tier, used=int(used))
