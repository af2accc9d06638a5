"""A policy file: bytes in, the compact tree out. JSON and Turtle are told apart by how they begin."""

from __future__ import annotations

import re
from collections.abc import Mapping

from policy.errors import PolicyError
from policy.forms.compact import compact
from policy.forms.json_text import load

MAX_JSON_BYTES = 1 << 20  # a published policy has some kilobytes
MAX_TURTLE_BYTES = 1 << 18  # its grammar is slow, and says in a line what JSON says in five

# what JSON begins with and Turtle cannot: `[` alone begins both
_JSON = re.compile(r"\s*(?:[{\"0-9-]|\[\s*(?:[\[{\"0-9-]|\]?\s*\Z)|(?:true|false|null|NaN|Infinity)\s*\Z)")
_HINT = "save it as UTF-8"
# how a document is called that defines a policy, and where it has the policy
DEFINITIONS = frozenset({"PolicyDefinition", "PolicyDefinitionDto", "PolicyDefinitionRequestDto"})
DEFINED = ("policy", "edc:policy", "https://w3id.org/edc/v0.0.1/ns/policy")


def read(data: bytes) -> Mapping[str, object]:
    """Read a policy in any form; PolicyError and nothing else when it cannot be read as one."""
    if len(data) > MAX_JSON_BYTES:
        raise PolicyError("too-large", "", f"a policy of {len(data)} bytes; at most {MAX_JSON_BYTES} are read")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PolicyError("bad-syntax", "", f"not UTF-8 text from byte {error.start}", _HINT) from None
    if not text.strip():
        raise PolicyError("missing", "", "an empty document", "write a policy")
    return compact(_defined(load(text)) if _JSON.match(text) else _turtle(text, len(data)))


def _defined(document: object) -> object:
    """Return the policy of a policy definition (as EDC's management interface takes it), any other document as it is.

    Its own context goes before the definition's; what else a definition says (its id, private properties) is not said
    of the policy.
    """
    if not isinstance(document, Mapping):
        return document
    kinds = document.get("@type")
    named = {one.rpartition("/")[2].rpartition(":")[2] for one in ([kinds] if isinstance(kinds, str) else ())}
    inner = next((document[key] for key in DEFINED if key in document), None)
    if not named & DEFINITIONS or not isinstance(inner, Mapping):
        return document
    contexts = [one["@context"] for one in (document, inner) if "@context" in one]
    listed = [item for one in contexts for item in (one if isinstance(one, list) else [one])]
    return {**inner, **({"@context": listed} if listed else {})}


def _turtle(text: str, size_bytes: int) -> list[object]:
    if size_bytes > MAX_TURTLE_BYTES:
        raise PolicyError("too-large", "", f"Turtle of {size_bytes} bytes; at most {MAX_TURTLE_BYTES} are read")
    from policy.forms.turtle import nodes  # noqa: PLC0415  # its grammar is heavy and most policies are JSON

    return nodes(text)
