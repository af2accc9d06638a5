"""A stranger's JSON-LD read by the names that we know, without fetching anything: contexts, names, texts by language.

Law: (1) a context is read where it stands in the file; one that lies elsewhere is refused, but for those of the
specifications, whose words are in our table. (2) A name that a file gives another meaning than the table does is
refused: nobody is understood by chance. (3) A name that the table has not is kept as it is written, so that who asks
can say what was not taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog.about import LANGUAGES, UNDETERMINED
from catalog.errors import CatalogError
from contracts.namespace import NS

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA, CR = "https://schema.org/", "http://mlcommons.org/croissant/"
DCTERMS, RAI = "http://purl.org/dc/terms/", "http://mlcommons.org/croissant/RAI/"
# contexts that lie elsewhere and that everybody means alike
KNOWN_CONTEXTS = frozenset({
    "https://schema.org", "https://schema.org/", "http://schema.org", "http://schema.org/",
    "http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/1.1",
})  # fmt: skip
PREFIXES: Mapping[str, str] = {
    "sc": SCHEMA, "schema": SCHEMA, "cr": CR, "dct": DCTERMS, "dcterms": DCTERMS, "rai": RAI, "penstock": NS,
}  # fmt: skip
# what stands behind a context that is not about the meaning of one name
_SETTINGS = frozenset({"@language", "@version", "@direction"})
_NO_LANGUAGE = "@none"


class Names:
    """What a document's names mean: by its context, for the `terms` (name → IRI) that somebody reads."""

    def __init__(self, context: object, terms: Mapping[str, str]) -> None:
        self._by_iri = {iri: name for name, iri in terms.items()}
        self._terms, self._prefixes = terms, dict(PREFIXES)
        told: dict[str, Any] = {}
        for one in context if isinstance(context, list) else [context]:
            if isinstance(one, str):
                if one not in KNOWN_CONTEXTS:
                    text = f"its context is at `{one[:200]}`, and nothing is fetched"
                    raise CatalogError(text, path="@context", hint="write the context into the file")
            elif isinstance(one, dict):
                told |= one
            elif one is not None:
                raise CatalogError("`@context` is no object", path="@context")
        defined = {name: value for name, value in told.items() if isinstance(value, str) and "://" in value}
        self._prefixes |= {name: _whole(iri) for name, iri in defined.items() if not name.startswith("@")}
        for name, value in told.items():
            self._check(name, value)

    def _check(self, name: str, value: object) -> None:
        if name in _SETTINGS:
            return
        if name == "@vocab":
            if not isinstance(value, str) or _whole(value) != SCHEMA:
                raise CatalogError(f"`@vocab` is `{str(value)[:200]}`, and not schema.org", path="@context")
            return
        if name.startswith("@") and name != "@base":
            raise CatalogError(f"the context has `{name[:100]}`, which is not read", path="@context")
        iri = value.get("@id") if isinstance(value, dict) else value
        known = self._terms.get(name)
        if known is not None and value is None:
            raise CatalogError(f"its context says that `{name}` is nothing", path=f"@context/{name}")
        if known is not None and iri is not None and self.iri(str(iri)) != known:
            text = f"its context says that `{name}` is `{str(iri)[:200]}`, which here is `{known}`"
            raise CatalogError(text, path=f"@context/{name}")

    def iri(self, name: str) -> str:
        """Return what a name with a prefix stands for, any other as it is."""
        prefix, colon, rest = name.partition(":")
        if colon and not rest.startswith("//") and prefix in self._prefixes:
            return self._prefixes[prefix] + rest
        return _whole(name)

    def node(self, value: Mapping[str, Any], path: str) -> dict[str, Any]:
        """Return a node's members by the names of the terms; those of no term by the names that it has."""
        found: dict[str, Any] = {}
        for key, one in value.items():
            name = self._by_iri.get(self.iri(key), key) if ":" in key else key
            if name in found:
                raise CatalogError(f"`{path}` says `{name[:100]}` twice", path=path)
            found[name] = one
        return found

    def kinds(self, node: Mapping[str, Any]) -> set[str]:
        """Return the types of a node, without what stands before their names."""
        told = node.get("@type")
        names = told if isinstance(told, list) else [told]
        return {self.iri(one).rpartition("/")[2] for one in names if isinstance(one, str)}


def each(value: object) -> list[Any]:
    """Return the values of a member: one alone, or all of a list."""
    return value if isinstance(value, list) else [] if value is None else [value]


def plain(value: object) -> str:
    """Return a text that stands for itself, as a value or as a link; empty for anything else."""
    if isinstance(value, dict):
        value = value.get("@value", value.get("@id"))
    return value if isinstance(value, str) else ""


def words(value: object, left: list[str], path: str) -> dict[str, str]:
    """Return texts by our languages, however they are written; those in others are put into what is `left`.

    Words in other languages alone are taken as words that tell none.
    """
    told: dict[str, str] = {}
    others: dict[str, str] = {}
    for one in each(value):
        for lang, said in _tagged(one, path):
            name = lang.lower().partition("-")[0]
            kept = told if name in (*LANGUAGES, UNDETERMINED) else others
            if said.strip() and kept.setdefault(name, said) != said:
                left.append(f"{path}: a second text in `{lang[:40]}`")
    if not told and others:
        told[UNDETERMINED] = others.pop(next(iter(others)))
    if UNDETERMINED in told and len(told) > 1:  # what is in one of our languages says more
        free = [lang for lang in LANGUAGES if lang not in told]
        said = told.pop(UNDETERMINED)
        if free:
            told[free[0]] = said
        else:
            left.append(f"{path}: a text that tells no language")
    left += [f"{path}: a text in `{lang[:40]}`" for lang in others]
    return told


def _tagged(value: object, path: str) -> list[tuple[str, str]]:
    if isinstance(value, str):
        return [(UNDETERMINED, value)]
    if isinstance(value, dict) and "@value" in value:
        lang = value.get("@language") or _NO_LANGUAGE
        if not isinstance(lang, str):
            raise CatalogError(f"`{path}` is in no language", path=path)
        return _tagged_pairs({lang: value["@value"]}, path)
    if isinstance(value, dict):
        return _tagged_pairs(value, path)
    raise CatalogError(f"`{path}` is no text", path=path)


def _tagged_pairs(told: Mapping[Any, Any], path: str) -> list[tuple[str, str]]:
    found = []
    for lang, said in told.items():
        if not isinstance(lang, str) or not isinstance(said, str):
            raise CatalogError(f"`{path}` is no text, and none for each language", path=path)
        found.append((UNDETERMINED if lang == _NO_LANGUAGE else lang, said))
    return found


def _whole(iri: str) -> str:
    """Return an IRI as the table writes it: schema.org is one vocabulary by either scheme."""
    iri = iri.replace("http://schema.org", "https://schema.org", 1)
    return SCHEMA if iri == SCHEMA.rstrip("/") else iri
