"""The actions: ODRL's, those of TC609-6-2025-14, and two of the International Data Spaces, in one hierarchy.

A permission for an action covers the actions below it: `use` covers `read`, `read` does not cover `use`. Every action
may also be asked of somebody as a duty; whether anybody can perform it is known to who enforces, not here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.vocabulary.names import CC

if TYPE_CHECKING:
    from collections.abc import Mapping

# action -> the action it lies in (ODRL `includedIn`); the two roots lie in none
ACTIONS: Mapping[str, str | None] = {
    "use": None,
    "transfer": None,
    "acceptTracking": "use",
    "access": "use",
    "aggregate": "use",
    "alert": "inform",
    "annotate": "use",
    "anonymize": "use",
    "archive": "use",
    "attribute": "use",
    "compensate": "use",
    "compute": "use",
    "concurrentUse": "use",
    "delete": "use",
    "delivery": "distribute",
    "derive": "use",
    "desensitize": "use",
    "digitize": "use",
    "display": "present",
    "distribute": "use",
    "download": "reproduce",
    "ensureExclusivity": "use",
    "execute": "use",
    "extract": "reproduce",
    "give": "transfer",
    "grantUse": "use",
    "include": "use",
    "index": "use",
    "inform": "use",
    "install": "use",
    "jointDevelop": "use",
    "logRecordSend": "inform",
    "modify": "use",
    "move": "use",
    "nextPolicy": "use",
    "obtainConsent": "use",
    "play": "present",
    "policyTransmit": "nextPolicy",
    "present": "use",
    "print": "present",
    "process": "use",
    "read": "use",
    "replace": "modify",
    "reproduce": "use",
    "reviewPolicy": "use",
    "sell": "transfer",
    "storage": "use",
    "stream": "use",
    "synchronize": "use",
    "textToSpeech": "use",
    "transform": "use",
    "translate": "use",
    "uninstall": "use",
    "watermark": "use",
}
_COMMERCIAL = "name `use`, with a constraint on `purpose`"
_NOTICE = "ask for the duty `policyTransmit`"
_SHARE_ALIKE = "ask for the duty `nextPolicy`, and name the policy in `hasPolicy`"
_SHARING = "name `reproduce` and `distribute`, with a constraint on `purpose`"
_SOURCE = "nothing here tells source code from other data: agree on it outside the policy"
# Actions of Creative Commons that ODRL's vocabulary lists, and its own that it deprecates for them. Nobody asks for a
# use by these names, so a prohibition of one would forbid nothing: each is refused with how it is said here.
REFUSED_ACTIONS: Mapping[str, str] = {
    CC + "CommercialUse": _COMMERCIAL,
    CC + "DerivativeWorks": "name `derive`, `modify`, `transform` and `translate`",
    CC + "Distribution": "name `distribute` and `present`",
    CC + "Notice": _NOTICE,
    CC + "ShareAlike": _SHARE_ALIKE,
    CC + "Sharing": _SHARING,
    CC + "SourceCode": _SOURCE,
    "attachPolicy": _NOTICE,
    "attachSource": _SOURCE,
    "commercialize": _COMMERCIAL,
    "share": _SHARING,
    "shareAlike": _SHARE_ALIKE,
}

# what ODRL 2.2 has not
PROFILE_ACTIONS = frozenset(
    {
        "access",
        "alert",
        "compute",
        "delivery",
        "desensitize",
        "download",
        "jointDevelop",
        "logRecordSend",
        "policyTransmit",
        "process",
        "replace",
        "storage",
    }
)


def upwards(action: str) -> tuple[str, ...]:
    """List the action and everything it lies in, outwards."""
    chain = [action]
    while (parent := ACTIONS[chain[-1]]) is not None:
        chain.append(parent)
    return tuple(chain)


def actions_within(action: str) -> frozenset[str]:
    """Collect the action and everything below it."""
    return _WITHIN[action]


_WITHIN: Mapping[str, frozenset[str]] = {
    action: frozenset(name for name in ACTIONS if action in upwards(name)) for action in ACTIONS
}
