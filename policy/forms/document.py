"""A policy file: bytes in, the compact tree out. JSON and Turtle are told apart by how they begin."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policy.errors import PolicyError
from policy.forms.compact import compact
from policy.forms.json_text import load

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_JSON_BYTES = 1 << 20  # a published policy has some kilobytes
MAX_TURTLE_BYTES = 1 << 18  # its grammar is slow, and says in a line what JSON says in five

# what JSON begins with and Turtle cannot: `[` alone begins both
_JSON = re.compile(r"\s*(?:[{\"0-9-]|\[\s*(?:[\[{\"0-9-]|\]?\s*\Z)|(?:true|false|null|NaN|Infinity)\s*\Z)")
_HINT = "save it as UTF-8"


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
    return compact(load(text) if _JSON.match(text) else _turtle(text, len(data)))


def _turtle(text: str, size_bytes: int) -> list[object]:
    if size_bytes > MAX_TURTLE_BYTES:
        raise PolicyError("too-large", "", f"Turtle of {size_bytes} bytes; at most {MAX_TURTLE_BYTES} are read")
    from policy.forms.turtle import nodes  # noqa: PLC0415  # its grammar is heavy and most policies are JSON

    return nodes(text)
