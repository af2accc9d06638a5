"""Every valid message of the protocol, and what hostile hands make of it."""

from __future__ import annotations

import copy
import json
import os
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from connector.negotiation.protocol import messages, states
from contracts.namespace import CHECKPOINT, OFFER_TERMS, SIGNATURE
from tests.fault.extent import tried
from tests.negotiation import cells as spoken
from tests.negotiation.cells import OURS, THEIRS
from tests.protocol.test_messages import AGREED

EXAMPLES = int(os.environ.get("PENSTOCK_TEST_MUTATIONS", tried(250)))
DIGEST = "ab" * 32


@dataclass(frozen=True)
class Cell:
    """A legal move: the peer's `message` in `state`, when `role` is ours; what it leads to, and its honest body."""

    process: str
    state: str
    message: str
    role: str
    body: Any

    def __repr__(self):
        return f"{self.message} in {self.state or 'no'} {self.process} as {self.role}"

    @property
    def kind(self):
        return messages.TYPE_OF[self.process, self.message]

    @property
    def follows(self):
        return states.NEXT[self.process, self.state, self.message, states.other(self.role)]

    @property
    def path(self):
        if self.state == states.NONE:
            return "/dsp" + messages.BEGINNINGS[self.process, self.message]
        return "/dsp" + messages.PATHS[self.process, self.message].format(pid=OURS)


def cells(first, checkpoint):
    """Return every legal move; `first` are the bodies of first messages by (process, message)."""
    found = []
    for process, state, message, sender in states.NEXT:
        role = states.other(sender)
        begins = state == states.NONE
        body = first[process, message] if begins else spoken.said(process, message, OURS, THEIRS, role)
        if message == "verification":
            body[SIGNATURE] = {"digest": DIGEST, "signature": bytes(65).hex()}
        found.append(Cell(process, state, message, role, body | {CHECKPOINT: checkpoint}))
        if message == "agreement":
            body = messages.contract_agreement(THEIRS, OURS, AGREED)
            found.append(Cell(process, state, message, role, body | {CHECKPOINT: checkpoint}))
    return found


# --- mutations

TEXTS = [
    "", " ", ".", "..", "\x00", "\ud800", "\udfff\ud800", "\u202e", "\ufeff", "e\u0301", "\U0001f511", "x" * 5_000,
    "0", "-1", "NaN", "null", "true", "../../etc/passwd", "%00", "' OR '1'='1", "{pid}", "${jndi:ldap://x}",
    "did:web:x", "urn:uuid:1", "http://10.0.0.1/", "https://w3id.org/dspace/2025/1/context.jsonld", "ff" * 32, "1e999",
    "2026-03-01T12:00:00Z", "\r\n", OURS, THEIRS, "FINALIZED", "ContractRequestMessage", "__proto__", "9" * 100,
    "\u0661\u0662", "compensate", "payAmount",
]  # fmt: skip
SCALARS = [None, True, False, 0, 1, -1, 2**53 - 1, -(2**53) + 1, 0.5, -0.0, 1e300, 5e-324, *TEXTS]
KEYS = [
    "", "a", "\ud800", "__proto__", "@id", "@type", "@context", "@graph", "@value", "providerPid", "consumerPid",
    "offer", "callbackAddress", "agreementId", "format", "dataAddress", "eventType", "agreement", "reason", "code",
    "filter", "target", "permission", "obligation", "timestamp", CHECKPOINT, SIGNATURE, OFFER_TERMS,
]  # fmt: skip
JUNK = st.recursive(
    st.sampled_from(SCALARS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    max_leaves=6,
)


def places(document, path=()):
    """Return the path of every value in a document."""
    found = [path]
    if isinstance(document, dict | list):
        inner = document.items() if isinstance(document, dict) else enumerate(document)
        for key, value in inner:
            found += places(value, (*path, key))
    return found


def retyped(value):
    """Return the same thing as something else."""
    if isinstance(value, dict):
        return [list(value.items()), list(value.values()), [value], json.dumps(value), bool(value)]
    if isinstance(value, list):
        return [dict(enumerate(map(str, value))), (value or [None])[0], value * 2, [value], json.dumps(value), []]
    if isinstance(value, str):
        other = [[value], {"@id": value}, {"@value": value}, value + " ", " " + value, value.swapcase(), value + "\x00"]
        return [*other, value[:-1], value * 50, len(value), [[[value]]]]
    return [str(value), [value], {"@value": value}, None]


@st.composite
def mutated(draw, honest):
    """Return the body with one to three things changed, as bytes."""
    document = copy.deepcopy(honest)
    for _ in range(draw(st.integers(1, 3))):
        document = _change(draw, document)
    return json.dumps(document).encode()


def _change(draw, document):
    """Delete, replace, retype, rename, add to, or exchange what stands at one place of the document."""
    found = places(document)
    path = draw(st.sampled_from(found))
    if not path:
        if not isinstance(document, dict) or draw(st.integers(0, 9)) == 0:
            return draw(JUNK)
        return {**document, draw(st.sampled_from(KEYS)): draw(JUNK)}
    holder = document
    for step in path[:-1]:
        holder = holder[step]
    key, how = path[-1], draw(st.sampled_from(("delete", "replace", "retype", "rename", "add", "exchange")))
    if how == "delete":
        del holder[key]
    elif how == "replace":
        holder[key] = draw(JUNK)
    elif how == "retype":
        holder[key] = draw(st.sampled_from(retyped(holder[key])))
    elif how == "rename" and isinstance(holder, dict):
        holder[draw(st.sampled_from(KEYS))] = holder.pop(key)
    elif how == "add" and isinstance(holder[key], dict):
        holder[key][draw(st.sampled_from(KEYS))] = draw(JUNK)
    elif how == "add" and isinstance(holder[key], list):
        holder[key].append(draw(JUNK))
    else:
        holder[key] = copy.deepcopy(_at(document, draw(st.sampled_from(found))))
    return document


def _at(document, path):
    for step in path:
        document = document[step]
    return document
