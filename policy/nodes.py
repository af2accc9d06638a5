"""Nodes of a policy document: keys normalised, terms checked by name, paths kept for errors.

Three rules. ODRL's own keys may be bare (`permission`), prefixed (`odrl:permission`) or the whole IRI; that is one key.
Every other key is refused by name, except that a *policy* (and nothing inside it) may carry keys that are absolute
IRIs of other vocabularies: that is where terms, signatures and the like of our profile ride, and they are read by
those who know them, not here. Nothing that could narrow a rule is ever passed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from policy.errors import PolicyError
from policy.vocabulary.names import local_name, term_name

MAX_TEXT_CHARS = 2048
MAX_LIST_ITEMS = 256
LONG_LIST = "name a collection, a wider region or purpose; docs/policy.md has the limits"

NAMES = frozenset({"@id", "uid", "@type"})
# ODRL's functions of a party in a duty: who is paid, told, asked, credited, watched
PARTY_FUNCTIONS = frozenset(
    {
        "compensatedParty",
        "informedParty",
        "consentingParty",
        "consentedParty",
        "attributedParty",
        "attributingParty",
        "informingParty",
        "compensatingParty",
        "trackedParty",
        "trackingParty",
        "contractedParty",
        "contractingParty",
        "hasPolicy",
    }
)
_PLACES = frozenset({"action", "target", "assigner", "assignee"})
POLICY_KEYS = (
    NAMES
    | _PLACES
    | {
        "@context",
        "profile",
        "conflict",
        "timestamp",
        "inheritFrom",
        "permission",
        "prohibition",
        "obligation",
    }
)
PERMISSION_KEYS = NAMES | _PLACES | {"constraint", "duty"}
PROHIBITION_KEYS = NAMES | _PLACES | {"constraint", "remedy"}
DUTY_KEYS = NAMES | _PLACES | PARTY_FUNCTIONS | {"constraint", "consequence", "mode"}
CONSTRAINT_KEYS = NAMES | {"leftOperand", "operator", "rightOperand", "unit", "dataType", "every"}
LOGICAL_KEYS = NAMES | {"and", "or", "xone", "andSequence"}
ACTION_KEYS = frozenset({"value", "@id", "uid", "refinement"})
PLACE_KEYS = NAMES | {"source", "refinement"}
PARENT_KEYS = NAMES | {"digest"}
_KNOWN = POLICY_KEYS | PERMISSION_KEYS | PROHIBITION_KEYS | DUTY_KEYS | CONSTRAINT_KEYS | LOGICAL_KEYS | PLACE_KEYS
# ODRL defines these and this engine does not enforce them; each is refused under its own name.
REFUSED_KEYS: Mapping[str, str] = {
    "rightOperandReference": "nothing is fetched to decide; write the value itself",
    "status": "what was counted comes from the world, not from the policy",
    "function": "name the party function itself, such as `assignee`",
    "relation": "name the relation itself, such as `target`",
    "output": "say it without `output`",
    "failure": "name it: `duty`, `consequence` or `remedy`",
    "implies": "actions lie in one another as ODRL says",
    "includedIn": "actions lie in one another as ODRL says",
    "partOf": "what lies in what comes from the world, not from the policy",
}
# (key, where it was written) -> what ODRL calls the same thing there
_CALLED_THERE: Mapping[tuple[str, str], str] = {
    ("duty", "policy"): "obligation",
    ("duty", "prohibition"): "remedy",
    ("duty", "duty"): "consequence",
    ("duty", "obligation"): "consequence",
    ("obligation", "permission"): "duty",
    ("remedy", "permission"): "duty",
    ("constraint", "action"): "refinement",
    ("constraint", "target"): "refinement",
    ("constraint", "assignee"): "refinement",
    ("refinement", "permission"): "constraint",
    ("refinement", "prohibition"): "constraint",
}


@dataclass(frozen=True, slots=True)
class Node:
    """One object of the document with its known members under their local names."""

    path: str
    members: Mapping[str, object]

    def has(self, key: str) -> bool:
        """Whether the member was written."""
        return key in self.members

    def below(self, key: str) -> str:
        """Give the path of a member."""
        return f"{self.path}/{key}"

    def text(self, key: str) -> str | None:
        """Read a member that is text or `{"@id": text}`; None when absent."""
        return None if key not in self.members else as_text(self.members[key], self.below(key))

    def term(self, key: str, what: str) -> str:
        """Read a required member that names a term, without ODRL's namespace."""
        text = self.text(key)
        if text is None:
            raise PolicyError("missing", self.path, f"no `{key}`", f"name the {what}")
        return local_name(text)

    def items(self, key: str) -> list[tuple[str, object]]:
        """List the items of a member with their paths; one object stands for a list of one, absent for none."""
        value = self.members.get(key, [])
        listed = value if isinstance(value, list) else [value]
        if len(listed) > MAX_LIST_ITEMS:
            raise PolicyError("too-large", self.below(key), f"more than {MAX_LIST_ITEMS} items", LONG_LIST)
        return [(f"{self.below(key)}/{index}", item) for index, item in enumerate(listed)]

    def identifier(self) -> str:
        """Read the node's own `uid` or `@id`, "" when it has none."""
        if self.has("uid") and self.has("@id"):
            raise PolicyError("duplicate", self.path, "both `uid` and `@id`", "keep one of them")
        return self.text("uid") or self.text("@id") or ""

    def check_class(self, *classes: str) -> None:
        """Refuse a node that says it is of another class."""
        if self.has("@type") and self.term("@type", "class") not in classes:
            written = self.term("@type", "class")
            hint = f"write {' or '.join(classes)}"
            raise PolicyError("unknown-term", self.below("@type"), f"class `{written[:80]}` does not belong here", hint)


def read_node(value: object, path: str, known: frozenset[str], what: str, *, extensions: bool = False) -> Node:
    """Take an object apart; PolicyError for anything that is no object or has a key outside `known`."""
    if not isinstance(value, Mapping):
        raise PolicyError("bad-type", path, f"a {what} is an object")
    members: dict[str, object] = {}
    for key, member in value.items():
        if extensions and isinstance(key, str) and is_extension(key):
            continue
        name = _RENAMED.get(key) or term_name(key) if isinstance(key, str) else ""
        _check_key(name, path, known, what)
        if name in members:
            raise PolicyError("duplicate", path, f"`{name}` is written twice in one {what}")
        members[name] = member
    return Node(path, members)


_RENAMED: Mapping[str, str] = {
    "rdf:value": "value",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#value": "value",
    "id": "@id",
    "type": "@type",
}


def is_extension(key: str) -> bool:
    """Whether a key is an absolute IRI outside ODRL's namespace."""
    return key.startswith(("https://", "http://", "urn:")) and local_name(key) == key


def as_text(value: object, path: str) -> str:
    """Text, or the text in `{"@id": text}`; 1 to MAX_TEXT_CHARS characters."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, Mapping) and len(value) == 1 and value.keys() <= {"@id", "@value"}:
        (value,) = value.values()
    if isinstance(value, Mapping):
        raise PolicyError(
            "unsupported", path, "an object where an identifier is expected", "write the identifier alone"
        )
    if not isinstance(value, str):
        raise PolicyError("bad-type", path, "not text")
    if not value or len(value) > MAX_TEXT_CHARS:
        raise PolicyError("bad-value", path, f"text of 1 to {MAX_TEXT_CHARS} characters is expected")
    return value


def _check_key(name: str, path: str, known: frozenset[str], what: str) -> None:
    if name in known:
        return
    where = f"{path}/{pointer(name)}"
    if name in REFUSED_KEYS:
        raise PolicyError("unsupported", where, f"`{name}` is not supported", REFUSED_KEYS[name])
    if name in _KNOWN:
        there = _CALLED_THERE.get((name, what))
        hint = "" if there is None else f"write `{there}` there"
        raise PolicyError("misplaced", where, f"`{name}` does not belong in a {what}", hint)
    raise PolicyError(
        "unknown-term", where, f"unknown key `{name[:80]}` in a {what}", "remove it; unknown terms are refused"
    )


def pointer(name: str) -> str:
    """Escape a key for a JSON pointer (RFC 6901)."""
    return name[:80].replace("~", "~0").replace("/", "~1")
