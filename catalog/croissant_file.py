"""A Croissant file as a product file: what it says of a data set to be published, and all that was not taken of it.

Law: (1) nothing is fetched: data are the files that lie below the Croissant file's folder; an address, an archive or a
pattern of names is refused where its data are asked for (`Taken.files`). (2) What is read becomes keys of a product
file and is judged there (`catalog.product_keys`). (3) What is not taken is said, each by its place. (4) Which kinds
columns are of is measured and taken from nobody. (5) What refers to something is looked up, never followed round.
What `catalog.croissant` writes of a product comes back as what its product file said; a description that repeats the
title is none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from catalog.about import CITATION_CHARACTERS_MAX, CONTACT
from catalog.classes import DIMENSIONS
from catalog.croissant import PRODUCT
from catalog.croissant_tables import Tables
from catalog.dataset import EU_FREQUENCIES, EU_FREQUENCY
from catalog.errors import CatalogError
from catalog.linked import CR, DCTERMS, SCHEMA, Names, each, plain, words
from catalog.product_keys import said
from contracts.namespace import NS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

VERSIONS = ("http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/1.1")
OURS = "penstock:"  # before a name of ours: without it, the name is somebody else's
MEMBERS_SHOWN = 20  # of all files together
FILES_MAX = 10_001  # of a dataset (`catalog.dataset`), and its sealed edition
TERMS: Mapping[str, str] = {
    **{name: SCHEMA + name for name in (
        "name", "description", "license", "keywords", "creator", "distribution", "contentUrl", "encodingFormat",
        "email", "url", "text", "unitText",
    )},
    **{name: CR + name for name in (
        "citeAs", "recordSet", "field", "source", "fileObject", "fileSet", "extract", "column", "references",
        "dataType",
    )},
    **{OURS + name: NS + name for name in ("frequency", "grade", "references", *DIMENSIONS)},
    "conformsTo": DCTERMS + "conformsTo",
}  # fmt: skip
# what says nothing that could be taken
_SILENT = frozenset({"@context", "@type", "@id", "conformsTo", "distribution", "recordSet"})
_FREQUENCIES = {EU_FREQUENCY + code: key for key, code in EU_FREQUENCIES.items()}
# both vocabularies have had it
_CONTAINED = ("containedIn", "cr:containedIn", "sc:containedIn")
_FILE = frozenset({"@id", "@type", "name", "description", "contentUrl", "includes", *_CONTAINED})
_HEADER = re.compile(r"(?:https?://[^/]+.*)?/sealed/[0-9a-f]*/header")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


@dataclass
class Taken:
    """What was read: keys of a product file, the paths of local data, what stands in their way, what was not taken."""

    keys: dict[str, Any] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)
    obstacle: CatalogError | None = None
    left: list[str] = field(default_factory=list)

    def fields(self, files: list[str] | None = None) -> dict[str, Any]:
        """Return what it says by field of the act `product publish`; raises CatalogError.

        `files` are those that somebody names instead: what is said of tables of other names is not taken.
        """
        keys = dict(self.keys)
        if files is None:
            if self.obstacle is not None:
                raise self.obstacle
            if not self.paths:
                hint = "name them: penstock publish FILES --from"
                raise CatalogError("it names no file of data", path="distribution", hint=hint)
            return said(keys | {"files": self.paths})
        named, told, relations = set(files), keys.pop("tables", {}), keys.pop("relations", [])
        tables = {name: one for name, one in told.items() if name in named}
        kept = [one for one in relations if {end.rpartition(":")[0] for end in one.values()} <= named]
        self.left += [f"table `{name[:100]}`: no file of this name is published" for name in told if name not in named]
        if len(kept) < len(relations):
            self.left.append(f"{len(relations) - len(kept)} references: no file of this name is published")
        return said(keys | ({"tables": tables} if tables else {}) | ({"relations": kept} if kept else {}))


def read(document: Mapping[str, Any]) -> Taken:
    """Read a Croissant file; raises CatalogError for what cannot be understood, too."""
    if "@graph" in document:
        hint = "write its nodes into each other"
        raise CatalogError("it has `@graph`, and a Croissant file is one data set", path="@graph", hint=hint)
    names, taken = Names(document.get("@context"), TERMS), Taken()
    node = names.node(document, "the data set")
    if "Dataset" not in names.kinds(node):
        raise CatalogError("it is no `sc:Dataset`", path="@type", hint="a product file in JSON has no `@context`")
    _check_version(node, taken)
    _Reader(names, taken).read(node)
    return taken


def _check_version(node: Mapping[str, Any], taken: Taken) -> None:
    told = [plain(one) for one in each(node.get("conformsTo"))]
    if not told:
        taken.left.append("conformsTo: it names no version, and was read as the newest")
    elif not set(told) & set(VERSIONS):
        hint = f"read are {', '.join(VERSIONS)}"
        raise CatalogError(f"it conforms to `{told[0][:200]}`", path="conformsTo", hint=hint)


class _Reader:
    """Reads one document into what is taken of it."""

    def __init__(self, names: Names, taken: Taken) -> None:
        self._names, self._taken, self._left = names, taken, taken.left
        self._tables = Tables(names, taken.keys, taken.left)

    def read(self, node: Mapping[str, Any]) -> None:
        keys = self._taken.keys
        if str(key := node.get("@id") or "").startswith(PRODUCT):
            keys["id"] = unquote(str(key).removeprefix(PRODUCT))
        takes: dict[str, Callable[[Any], None]] = {
            "name": self._name,
            "description": self._description,
            "license": self._licence,
            "citeAs": self._citation,
            "keywords": self._keywords,
            "creator": self._creator,
            OURS + "frequency": self._frequency,
            OURS + "grade": self._grade,
            **{OURS + name: partial(self._class, name) for name in DIMENSIONS},
        }
        for name, take in takes.items():
            if node.get(name) is not None:
                take(node[name])
        if keys.get("description") == keys.get("title"):
            keys.pop("description", None)
        files = self._files(node.get("distribution"))
        self._tables.read(node.get("recordSet"), files)
        self._left += [f"{name[:100]}" for name in node if name not in _SILENT and name not in takes]

    # ---- the data set

    def _name(self, value: object) -> None:
        self._worded("title", value, "name")

    def _description(self, value: object) -> None:
        self._worded("description", value, "description")

    def _worded(self, key: str, value: object, path: str) -> None:
        told = words(value, self._left, path)
        if told:
            self._taken.keys[key] = told["und"] if set(told) == {"und"} else told

    def _licence(self, value: object) -> None:
        found = []
        for one in each(value):
            node = self._names.node(one, "license") if isinstance(one, dict) else {}
            told = [node.get(name) for name in ("text", "url", "@id", "@value")] + [node.get("name")]
            text = one if isinstance(one, str) else next((each(said)[0] for said in told if each(said)), "")
            if not isinstance(text, str) or not text.strip():
                raise CatalogError("`license` is no text, address or work", path="license")
            found.append(text)
        if found:
            self._taken.keys["licence"] = "\n".join(found)

    def _citation(self, value: object) -> None:
        told = next(iter(words(value, self._left, "citeAs").values()), "")
        if len(told) > CITATION_CHARACTERS_MAX:  # a list of works that are cited by it, and the product is as good
            self._left.append(f"citeAs: {len(told)} characters, the limit is {CITATION_CHARACTERS_MAX}")
        elif told:
            self._taken.keys["citation"] = told

    def _keywords(self, value: object) -> None:
        if isinstance(value, str):
            value = [one.strip() for one in value.split(",")]
        found = []
        for one in each(value):
            node = self._names.node(one, "keywords") if isinstance(one, dict) else {}
            text = one if isinstance(one, str) else plain(node.get("name")) or plain(node)
            if not text:
                raise CatalogError("`keywords` has one that is no word", path="keywords")
            found.append(text)
        if found:
            self._taken.keys["keywords"] = list(dict.fromkeys(found))

    def _creator(self, value: object) -> None:
        people = []
        for one in each(value):
            if not isinstance(one, dict | str):
                raise CatalogError("`creator` is no person or organization", path="creator")
            node = {"name": one} if isinstance(one, str) else self._names.node(one, "creator")
            if str(node.get("@id") or "").startswith("did:"):
                self._left.append(f"creator: `{str(node['@id'])[:200]}` is a participant, and whoever publishes is one")
                continue
            told = {name: plain(each(node[name])[0]) for name in CONTACT if each(node.get(name))}
            people.append({name: text for name, text in told.items() if text})
            self._left += [f"creator: {name[:100]}" for name in node if name not in (*CONTACT, "@type", "@id")]
        if people and (first := people[0]):
            if len(people) > 1:
                named = ", ".join(one["name"] for one in people if one.get("name"))
                first |= {"name": named} if named else {}
                self._left.append(f"creator: addresses of {len(people) - 1} more")
            self._taken.keys["contact"] = first

    def _frequency(self, value: object) -> None:
        told = plain(value)
        if told not in _FREQUENCIES:
            raise CatalogError(f"unknown frequency `{told[:100]}`", path="frequency", hint=f"a term of {EU_FREQUENCY}")
        self._taken.keys["frequency"] = _FREQUENCIES[told]

    def _grade(self, value: object) -> None:
        self._taken.keys["grade"] = value

    def _class(self, name: str, value: object) -> None:
        self._taken.keys.setdefault("classes", {})[name] = value

    # ---- files

    def _files(self, value: object) -> dict[str, str]:
        """Return `@id` → name of each file object, and take the paths of those that are here."""
        found = each(value)
        if len(found) > FILES_MAX:
            raise CatalogError(f"it has {len(found)} files, the limit is {FILES_MAX}", path="distribution")
        nodes: dict[str, dict[str, Any]] = {}
        for one in found:
            if not isinstance(one, dict):
                raise CatalogError("`distribution` has one that is no object", path="distribution")
            node = self._names.node(one, "distribution")
            key = node.get("@id") or plain(node.get("name"))
            if not isinstance(key, str) or not key or key in nodes:
                text = f"`distribution` has one without `@id`, or two of `{str(key)[:100]}`"
                raise CatalogError(text, path="distribution")
            nodes[key] = node
        names = {}
        if besides := {name: None for node in nodes.values() for name in node if name not in _FILE}:
            self._left.append(f"distribution: {', '.join(name[:100] for name in [*besides][:MEMBERS_SHOWN])}")
        for key, node in nodes.items():
            container = self._container(key, nodes)
            path = plain(node.get("contentUrl"))
            if _HEADER.fullmatch(path) and container is None:
                continue  # the sealed edition: what lies in it is beside the file
            names[key] = path.rpartition("/")[2] or plain(node.get("name")) or key
            if (why := self._obstacle(node, path, container)) is None:
                self._taken.paths.append(path)
            elif self._taken.obstacle is None:
                hint = "nothing is fetched or unpacked: name the files, penstock publish FILES --from"
                self._taken.obstacle = CatalogError(f"the data of `{key[:100]}` {why}", path="distribution", hint=hint)
            titled = words(node.get("description"), [], f"distribution/{key[:100]}")
            self._tables.entitle(names[key], next(iter(titled.values()), ""), f"distribution/{key[:100]}")
        return names

    def _container(self, key: str, nodes: Mapping[str, dict[str, Any]]) -> dict[str, Any] | None:
        """Return the outermost object that a file lies in, None if in none; raises CatalogError for a circle."""
        seen, at = {key}, key
        found = None
        while told := self._containers(nodes[at]):
            at = told[0]
            if at in seen:
                raise CatalogError(f"`{key[:100]}` is contained in itself", path="containedIn")
            if at not in nodes:
                text = f"`{key[:100]}` is contained in `{at[:100]}`, which is not there"
                raise CatalogError(text, path="containedIn")
            seen.add(at)
            found = nodes[at]
        return found

    def _containers(self, node: Mapping[str, Any]) -> list[str]:
        """Return the `@id`s of what a file lies in: links, or sources that have one."""
        told = next((node[name] for name in _CONTAINED if node.get(name)), None)
        found = []
        for one in each(told):
            source = self._names.node(one, "containedIn") if isinstance(one, dict) else {}
            found.append(plain(source.get("fileObject")) or plain(source.get("fileSet")) or plain(one))
        return found

    def _obstacle(self, node: Mapping[str, Any], path: str, container: Mapping[str, Any] | None) -> str | None:
        """Say why the data of a file are not here, None if they are a path below the folder."""
        if "FileSet" in self._names.kinds(node):
            return "are a pattern of names"
        if container is not None and not _HEADER.fullmatch(plain(container.get("contentUrl"))):
            return f"lie in `{plain(container.get('contentUrl'))[:200]}`"
        if not path:
            return "have no `contentUrl`"
        if _ADDRESS.match(path) or path.startswith("//"):
            return f"are at `{path[:200]}`"
        parts = path.split("/")
        if path.startswith("/") or "\\" in path or ".." in parts or "\0" in path:
            return f"are at `{path[:200]}`, which is no path below its folder"
        # `.` is the whole folder, and what is hidden was not meant for others
        if any(part.startswith(".") for part in path.removeprefix("./").split("/")) or path == "./":
            return f"are at `{path[:200]}`, which is hidden"
        return None
