"""Names in a document: what its context makes of a prefix or a term, and ODRL's own names without their namespace.

Law: no context is fetched, and none may give a term of KEYS another meaning. The contexts of CONTEXTS are known; an
inline one may name prefixes and terms. Anything else is refused, because its terms could mean anything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from policy.errors import PolicyError
from policy.forms.terms import CONTEXTS, KEYS, PREFIXES, PROTECTED, SYNONYMS
from policy.vocabulary import catenax
from policy.vocabulary.actions import PROFILE_ACTIONS
from policy.vocabulary.names import ODRL, TERMS
from policy.vocabulary.operands import ODRL_OPERANDS, OPERANDS

MAX_CONTEXTS = 16
MAX_CONTEXT_TERMS = 256

# what documents of Eclipse Dataspace Components take names without a context from
EDC = "https://w3id.org/edc/v0.0.1/ns/"
# names that only our profile gives a meaning
_OURS = frozenset(one for one in (OPERANDS.keys() - ODRL_OPERANDS) | PROFILE_ACTIONS if ":" not in one)
_FIXED = KEYS.keys() | SYNONYMS.keys()
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]*")
_HINT = "use the DSP context or http://www.w3.org/ns/odrl.jsonld, and prefixes"
# said by many documents, and without effect on what the terms mean
_HARMLESS: Mapping[str, tuple[object, ...]] = {
    "@version": (1.1,),
    "@protected": (True, False),
    "@vocab": (ODRL, "odrl:", EDC),
}


class Names:
    """The prefixes and terms in force in one document; `links` are the keys whose text is an IRI."""

    def __init__(self) -> None:
        self.links: frozenset[str] = frozenset()
        self._prefixes = dict(PREFIXES)
        self._terms: dict[str, str] = {}
        self._elsewhere = False

    @classmethod
    def of(cls, context: object) -> Names:
        """Read the value of `@context`; PolicyError (`unknown-context`) when it could rename terms."""
        names = cls()
        listed = context if isinstance(context, list) else [context]
        if len(listed) > MAX_CONTEXTS:
            raise PolicyError("too-large", "/@context", f"more than {MAX_CONTEXTS} contexts")
        for index, item in enumerate(listed):
            names._add(item, f"/@context/{index}")
        return names

    def iri(self, text: str) -> str:
        """Write a prefixed name out; any other text is returned as it is."""
        head, colon, rest = text.partition(":")
        if colon and head in self._prefixes and not rest.startswith("//"):
            return self._prefixes[head] + rest
        return text

    def term(self, text: str) -> str:
        """Give a term its one form: local when ODRL's or our profile's, else as its whole IRI."""
        iri = self._terms.get(text) or self.iri(text)
        # of what no context says, the document says that it is not ours; it may be of a profile that was registered
        if self._elsewhere and (iri in _OURS or EDC + iri in OPERANDS):
            return EDC + iri
        for namespace in (ODRL, TERMS):
            if iri.startswith(namespace):
                return iri[len(namespace) :]
        return iri

    def key(self, text: str) -> str:
        """Give a key its one form: local when ODRL's or our profile's, else as its whole IRI."""
        return _canonical(self._terms.get(text) or self.iri(text))

    def _add(self, item: object, path: str) -> None:
        if isinstance(item, str) and item in CONTEXTS:
            self._terms |= catenax.NAMED if item in catenax.CONTEXTS else {}
            return
        if isinstance(item, str):
            raise PolicyError("unknown-context", path, f"unknown context `{item[:80]}`; none is fetched", _HINT)
        if not isinstance(item, Mapping):
            raise PolicyError("unknown-context", path, "a context that could rename terms", _HINT)
        if len(item) + len(self._terms) > MAX_CONTEXT_TERMS:
            raise PolicyError("too-large", path, f"more than {MAX_CONTEXT_TERMS} terms in a context")
        for name, definition in sorted(item.items(), key=_prefixes_first):
            self._define(str(name), definition, path)

    def _define(self, name: str, definition: object, path: str) -> None:
        if name in _HARMLESS and definition in _HARMLESS[name]:
            self._elsewhere |= definition == EDC
            return
        written = _iri_of(definition)
        iri = written if written in ("@id", "@type") else self.iri(written)
        if name.startswith("@") or not (iri.startswith("@") or _IRI.fullmatch(iri)):
            raise PolicyError("unknown-context", path, f"`{name[:80]}` in a context could rename terms", _HINT)
        if not self._keeps_its_meaning(name, iri):
            hint = "leave ODRL's terms their names"
            raise PolicyError("unknown-context", path, f"`{name[:80]}` is given another meaning", hint)
        if iri[-1] in "/#:":
            self._prefixes[name] = iri
        if isinstance(definition, Mapping) and "@type" in definition:
            self.links |= {iri}
        self._terms[name] = iri

    def _keeps_its_meaning(self, name: str, iri: str) -> bool:
        if name in PROTECTED or ":" in name:
            return iri == PROTECTED.get(name, self.iri(name))
        if name in _FIXED:
            return _canonical(iri) == _canonical(name)
        # a term of ODRL or of our profile under another name could be taken for what that name is elsewhere
        return not any(iri.startswith(space) and iri[len(space) :] not in {"", name} for space in (ODRL, TERMS))


def _canonical(key: str) -> str:
    name = key.removeprefix(ODRL).removeprefix(TERMS)
    return SYNONYMS.get(name, name)


def _prefixes_first(entry: tuple[object, object]) -> bool:
    return not (isinstance(entry[1], str) and entry[1][-1:] in {"/", "#"})


def _iri_of(definition: object) -> str:
    """Take the IRI out of a term definition whose other members change nothing here; "" when they could."""
    if isinstance(definition, Mapping):
        usual = {"@type": ("@id", "@vocab"), "@container": ("@set", "@list"), "@protected": (True, False)}
        if any(key != "@id" and value not in usual.get(key, ()) for key, value in definition.items()):
            return ""
        definition = definition.get("@id")
    return definition if isinstance(definition, str) else ""
