"""Profiles that an operator registered: left operands of others, beside the tables that are built in.

A document of one:

    {"profile": "https://water.example/ns", "prefix": "water",
     "operands": [{"name": "https://water.example/ns#Basin", "type": "term", "operators": ["eq", "isAnyOf"],
                   "source": "said", "words": {"en": "river basin", "zh": "流域"}}]}

Law: (1) a registered operand is known by its whole IRI and by nothing shorter in a policy, so both sides of an
agreement read the same; the prefix is for what a person types. (2) Nothing that ODRL, our profile or another
registered profile has a meaning for is given another one. (3) What it compares is what the asker says: nobody here
could measure it. (4) The tables are this process's: what registers must do so wherever it decides.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from policy.errors import PolicyError
from policy.nodes import Node, pointer
from policy.values import is_iri
from policy.vocabulary.names import PREFIXES, PROFILES, operand_name, term_name
from policy.vocabulary.operands import BUILT_IN, OPERANDS, Operand, ValueType, enrol, strike
from policy.vocabulary.operators import OPERATORS, ORDER, TREE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# more than anybody has agreed on; each is read when a connector starts
MAX_PROFILES = 16
MAX_OPERANDS = 128
MAX_NAME_CHARS = 256
MAX_PREFIX_CHARS = 32
# of the words for an operand, which stand inside a sentence
MAX_WORDS_CHARS = 80
LANGUAGES: Final = ("en", "zh")
SAID: Final = "said"
COMMAND: Final = "penstock policy profile add FILE"
# type → the operators that compare it
TYPES: Final[Mapping[str, frozenset[str]]] = {ValueType.TERM.value: TREE, ValueType.NUMBER.value: ORDER}
_PROFILE_KEYS: Final = frozenset({"profile", "prefix", "operands"})
_OPERAND_KEYS: Final = frozenset({"name", "type", "operators", "source", "words"})
_SCHEMES: Final = ("https://", "http://", "urn:")
_PREFIX: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
# what stands before a colon in the names of parties and things
_TAKEN: Final = frozenset({"http", "https", "urn", "did", "mailto", "tel", "file", "ftp", "data", "tag", "ni"})
_HINT: Final = "docs/policy.md shows a profile"
# what others' profiles have, and this connector could not keep
_REFUSED_KEYS: Final[Mapping[str, str]] = {
    "actions": "nobody here is asked for an action of a profile: name ODRL's, with a condition on an operand of yours"
}
_REFUSAL: Final = "manner-not-allowed"


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile as it was read: operand's IRI → its row, and its words (en, zh)."""

    iri: str
    prefix: str
    operands: Mapping[str, Operand]
    words: Mapping[str, tuple[str, str]]

    def json(self) -> dict[str, object]:
        """Return the document that it is read from."""
        rows = [
            {
                "name": name,
                "type": row.type.value,
                "operators": sorted(row.operators),
                "source": SAID,
                "words": dict(zip(LANGUAGES, self.words[name], strict=True)),
            }
            for name, row in self.operands.items()
        ]
        return {"profile": self.iri, "prefix": self.prefix, "operands": rows}


@dataclass(frozen=True, slots=True)
class Registered:
    """What is registered in this process: profiles by their IRIs, how often, and their operands' words by language."""

    profiles: dict[str, Profile] = field(default_factory=dict)
    times: Counter[str] = field(default_factory=Counter)
    words: Mapping[str, dict[str, str]] = field(default_factory=lambda: {lang: {} for lang in LANGUAGES})


REGISTERED: Final = Registered()


def read(document: object) -> Profile:
    """Read the document of a profile; PolicyError names what is wrong with it. Nothing is registered."""
    node = _object(document, "", _PROFILE_KEYS, "profile")
    iri, prefix = _name(node, "profile"), _required(node, "prefix", MAX_PREFIX_CHARS)
    if iri in PROFILES or term_name(iri) != iri:
        raise PolicyError("duplicate", "/profile", f"the profile `{iri}` is built in", "give yours a name of its own")
    if not _PREFIX.fullmatch(prefix):
        raise PolicyError("bad-value", "/prefix", f"`{prefix}` is no prefix", "write letters, digits and `-`")
    if f"{prefix}:" in PREFIXES or prefix.lower() in _TAKEN:
        raise PolicyError("duplicate", "/prefix", f"the prefix `{prefix}` has a meaning already", "choose another")
    items = node.items("operands")
    if not 1 <= len(items) <= MAX_OPERANDS:
        raise PolicyError("too-large", "/operands", f"a profile has 1 to {MAX_OPERANDS} operands", _HINT)
    rows, words, short = dict[str, Operand](), dict[str, tuple[str, str]](), set[str]()
    for path, item in items:
        name, row, said = _operand(item, path)
        if name in rows or local(name) in short:
            raise PolicyError("duplicate", f"{path}/name", f"`{local(name)}` is named twice", "name each once")
        rows[name], words[name] = row, said
        short.add(local(name))
    return Profile(iri, prefix, rows, words)


def add(profile: Profile) -> None:
    """Add a profile's operands to the tables; PolicyError for what another registered one says already.

    What is added twice, by two participants of one process, is there until each has taken it back.
    """
    known = REGISTERED.profiles
    if known.get(profile.iri) == profile:
        REGISTERED.times[profile.iri] += 1
        return
    if profile.iri in known:
        hint = f"`penstock policy profile remove {profile.iri}` takes it back"
        raise PolicyError("duplicate", "/profile", f"another profile `{profile.iri}` is registered", hint)
    if len(known) >= MAX_PROFILES:
        raise PolicyError("too-large", "/profile", f"{MAX_PROFILES} profiles are registered", "remove one")
    for other in known.values():
        if other.prefix == profile.prefix:
            raise PolicyError(
                "duplicate", "/prefix", f"the prefix `{profile.prefix}` is that of `{other.iri}`", "choose another"
            )
        if both := sorted(other.operands.keys() & profile.operands.keys()):
            raise PolicyError("duplicate", "/operands", f"`{both[0]}` is an operand of `{other.iri}`", "name your own")
    enrol(profile.operands)
    for at, lang in enumerate(LANGUAGES):
        REGISTERED.words[lang].update({name: said[at] for name, said in profile.words.items()})
    known[profile.iri] = profile
    REGISTERED.times[profile.iri] = 1


def remove(iri: str) -> None:
    """Take a profile's operands out of the tables; nothing happens for one that is not registered."""
    REGISTERED.times[iri] -= 1
    if REGISTERED.times[iri] > 0:
        return
    del REGISTERED.times[iri]
    profile = REGISTERED.profiles.pop(iri, None)
    for name in () if profile is None else profile.operands:
        strike(name)
        for words in REGISTERED.words.values():
            del words[name]


def operands() -> Iterator[str]:
    """Yield the IRI of each registered operand."""
    return (name for profile in REGISTERED.profiles.values() for name in profile.operands)


def written_out(name: str) -> str:
    """Return the IRI for a registered operand's name with its prefix, as a person types it; any other as it is."""
    prefix, colon, rest = name.partition(":")
    for profile in REGISTERED.profiles.values() if colon else ():
        if profile.prefix == prefix:
            return next((iri for iri in profile.operands if local(iri) == rest), name)
    return name


def local(iri: str) -> str:
    """Return what an IRI ends with, behind its last mark."""
    return re.split(r"[#/:]", iri)[-1]


def _operand(value: object, path: str) -> tuple[str, Operand, tuple[str, str]]:
    node = _object(value, path, _OPERAND_KEYS, "operand")
    name, kind = _name(node, "name"), _required(node, "type")
    if name in BUILT_IN or operand_name(name) != name:
        text = f"`{name}` is built in as `{operand_name(name)}`"
        raise PolicyError("duplicate", node.below("name"), text, "leave what ODRL and this connector know its meaning")
    if not local(name):
        raise PolicyError("bad-value", node.below("name"), f"`{name}` ends with no word", "end it with the name")
    if kind not in TYPES:
        hint = f"write one of {', '.join(TYPES)}"
        raise PolicyError("unknown-term", node.below("type"), f"unknown type `{kind}`", hint)
    if (source := _required(node, "source")) != SAID:
        hint = f"write `{SAID}`: the asker's word"
        raise PolicyError("unsupported", node.below("source"), f"no source `{source}` supplies it here", hint)
    operators = frozenset(_operator(item, at, kind) for at, item in node.items("operators"))
    if not operators:
        raise PolicyError("missing", path, "no `operators`", f"name some of {', '.join(sorted(TYPES[kind]))}")
    said = _object(node.members.get("words"), node.below("words"), frozenset(LANGUAGES), "pair of words")
    en, zh = (_required(said, lang, MAX_WORDS_CHARS) for lang in LANGUAGES)
    return name, Operand(ValueType(kind), operators, _REFUSAL, en), (en, zh)


def _operator(value: object, path: str, kind: str) -> str:
    name = term_name(value) if isinstance(value, str) else ""
    if name not in OPERATORS or name not in TYPES[kind]:
        hint = f"a {kind} takes {', '.join(sorted(TYPES[kind]))}"
        raise PolicyError("unsupported", path, f"operator `{str(value)[:80]}` does not fit a {kind}", hint)
    return name


def _object(value: object, path: str, keys: frozenset[str], what: str) -> Node:
    """Take an object apart; PolicyError for anything that is no object or has another key."""
    if not isinstance(value, dict):
        raise PolicyError("bad-type", path, f"a {what} is an object", _HINT)
    if other := next((key for key in value if key not in keys), None):
        where, hint = f"{path}/{pointer(other)}", _REFUSED_KEYS.get(other, f"write {', '.join(sorted(keys))}")
        raise PolicyError("unknown-term", where, f"unknown key `{other[:80]}` in a {what}", hint)
    return Node(path, value)


def _name(node: Node, key: str) -> str:
    """Read a name: an absolute IRI that no prefix could change."""
    name = _required(node, key)
    if not is_iri(name) or not name.startswith(_SCHEMES):
        hint = f"begin it with {', '.join(_SCHEMES)}"
        raise PolicyError("bad-value", node.below(key), f"`{name}` is no whole name", hint)
    return name


def _required(node: Node, key: str, most: int = MAX_NAME_CHARS) -> str:
    if not node.has(key):
        raise PolicyError("missing", node.path, f"no `{key}`", _HINT)
    text = node.members[key]
    if not isinstance(text, str) or not 1 <= len(text) <= most or not text.isprintable() or text != text.strip():
        raise PolicyError("bad-value", node.below(key), f"`{key}` is text of 1 to {most} characters that print", _HINT)
    return text


assert OPERANDS.keys() >= BUILT_IN, "what is built in stays"
