"""The other forms of a compact policy, written by a second hand: expanded, flat, prefixed, Turtle."""

from __future__ import annotations

import itertools
import json
from types import SimpleNamespace

import pytest

ODRL = "http://www.w3.org/ns/odrl/2/"
XSD = "http://www.w3.org/2001/XMLSchema#"
PROFILE = "https://w3id.org/penstock/ns/profile#"
RDF_VALUE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#value"
TERMS = {"action", "leftOperand", "operator", "conflict", "value"}
LITERALS = {"rightOperand", "rightOperandReference", "unit", "timestamp", "digest"}
# key -> its whole IRI where that is not ODRL's, and its prefixed name
OTHERS = {
    "value": (RDF_VALUE, "rdf:value"),
    "digest": (PROFILE + "digest", "penstock:digest"),
    "mode": (PROFILE + "mode", "penstock:mode"),
}


def listed(value):
    return value if isinstance(value, list) else [value]


def expand(node):
    """Expand a compact node as a JSON-LD processor does with ODRL's context."""
    found = {}
    for key, value in node.items():
        if key == "@type":
            found[key] = [ODRL + name for name in listed(value)]
        elif key == "@id":
            found[key] = value
        else:
            items = [_expanded(key, item) for item in listed(value)]
            iri = key if ":" in key else OTHERS.get(key, (ODRL + key,))[0]
            found[iri] = [{"@list": items}] if key == "andSequence" else items
    return found


def _expanded(key, value):
    if isinstance(value, dict) and "@value" in value:
        return {"@value": value["@value"], "@type": value["@type"].replace("xsd:", XSD)}
    if isinstance(value, dict):
        return value if set(value) == {"@id"} else expand(value)
    if key in LITERALS or ":" in key:
        return {"@value": value}
    return {"@id": ODRL + value if key in TERMS and ":" not in value else value}


def flat(node):
    """Flatten an expanded node: every node on its own, blank nodes named."""
    names, nodes = itertools.count(), []

    def put(node):
        own = {"@id": node.get("@id", f"_:b{next(names)}")}
        nodes.append(own)
        own |= {
            key: value if key in ("@id", "@type") else [item(value) for value in value] for key, value in node.items()
        }
        return {"@id": own["@id"]}

    def item(value):
        if "@list" in value:
            return {"@list": [item(inner) for inner in value["@list"]]}
        return value if "@value" in value or set(value) == {"@id"} else put(value)

    put(node)
    return nodes[::-1]


def prefixed(node):
    """Write a compact node with prefixes, `uid`, objects for names, and no list around one thing."""
    found = {}
    for key, value in node.items():
        values = [_prefixed(key, item) for item in listed(value)]
        name = {"@id": "uid", "@type": "@type"}.get(key) or OTHERS.get(key, ("", key if ":" in key else f"odrl:{key}"))[
            1
        ]
        found[name] = {"@list": values} if key == "andSequence" else values[0] if len(values) == 1 else values
    return found


def _prefixed(key, value):
    if isinstance(value, dict):
        return value if value.keys() & {"@value"} or set(value) == {"@id"} else prefixed(value)
    if key == "@type":
        return f"odrl:{value}"
    if key in TERMS and ":" not in value:
        return {"@id": f"odrl:{value}"}
    return {"@value": value, "@type": "xsd:string"} if key == "unit" else value


def turtle(nodes):
    """Write flat nodes as Turtle, in their order."""
    return "\n".join(_statements(node) for node in nodes).encode()


def _statements(node):
    rows = [f"a {', '.join(f'<{name}>' for name in node.get('@type', []))}"] if "@type" in node else []
    rows += [f"<{key}> {', '.join(map(_object, values))}" for key, values in node.items() if key[0] != "@" and values]
    return f"{_name(node['@id'])} {' ; '.join(rows)} ." if rows else ""


def _name(name):
    return name if name.startswith("_:") else f"<{name}>"


def _object(value):
    if "@list" in value:
        return f"( {' '.join(map(_object, value['@list']))} )"
    if "@id" in value:
        return _name(value["@id"])
    plain = value["@value"]
    if isinstance(plain, bool | int):
        return json.dumps(plain)
    if isinstance(plain, float):
        return f'"{plain!r}"^^<{XSD}double>'
    return json.dumps(plain, ensure_ascii=False) + (f"^^<{value['@type']}>" if "@type" in value else "")


def unordered(tree):
    """Sort every list, for forms that keep no order."""
    if isinstance(tree, dict):
        return {key: unordered(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return sorted((unordered(item) for item in tree), key=lambda item: json.dumps(item, sort_keys=True))
    return tree


@pytest.fixture(scope="session")
def forms():
    return SimpleNamespace(expand=expand, flat=flat, prefixed=prefixed, turtle=turtle, unordered=unordered)
