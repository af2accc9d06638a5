"""Our schemas and the published ones give the same verdict on every example and on thousands of broken variants."""

import copy
import json

import pytest
from referencing import Registry, Resource

from connector.negotiation.protocol import messages, validation
from connector.negotiation.protocol.errors import MalformedError
from tests.protocol.published import PUBLISHED, PUBLISHED_OF, resources, schemas, validators

LEAST_VARIANTS = 500

# A discovery entry of a DID document is no message; the published pattern refuses the publisher's own example.
NO_MESSAGE = {"catalogservice-did-service.json", "dataservice-did-service.json"}

WRONG_VALUES = (None, True, 7, 1.5, "", "other", [], {}, [7], ["other"], [[]], [{}], {"other": "x"})
OFFER = {"@id": "urn:offer", "@type": "Offer", "permission": [{"action": "use"}]}
INTRUDERS = {
    "hasPolicy": [OFFER],
    "target": "urn:target",
    "callbackAddress": "https://example.com",
    "providerPid": "urn:p",
    "consumerPid": "urn:c",
    "and": [],
    "or": [{"leftOperand": "a", "operator": "eq", "rightOperand": "b"}],
    "leftOperand": "a",
    "permission": [],
    "obligation": [{"action": "pay"}],
    "duty": 5,
    "timestamp": "2023-01-01T25:00:00Z",
    "urn:anything": {"at": "all"},
    "servesDataset": [],
    "distribution": [],
    "catalog": [{"@id": "urn:c", "@type": "Catalog", "hasPolicy": []}],
    "profile": ["a", 1],
}
MOMENTS = (
    "2023-01-01T01:00:00Z",
    "2023-01-01T01:00:00.123+01:00",
    "-2023-01-01T24:00:00Z",
    "02023-01-01T01:00:00",
    "12023-01-01T01:00:00",
    "xx 2023-01-01T01:00:00 yy",
    "2023-13-01T01:00:00Z",
    "2023-00-01T01:00:00Z",
    "2023-01-32T01:00:00Z",
    "2023-01-01 01:00:00Z",
    "2023-01-01T24:00:01Z",
    "2023-01-01T1:00:00Z",
    "223-01-01T01:00:00Z",
    "2023-01-01T01:60:00Z",
    "2023-01-01T01:00",
)


@pytest.fixture(scope="module")
def published(absent):
    return schemas(absent)


@pytest.fixture(scope="module")
def reference(published):
    return validators(published)


@pytest.fixture(scope="module")
def second_opinion(published):
    from jsonschema import Draft201909Validator

    registry = Registry().with_resources((uri, Resource.from_contents(schema)) for uri, schema in published.items())
    return {
        kind: Draft201909Validator({"$ref": PUBLISHED + name}, registry=registry) for kind, name in PUBLISHED_OF.items()
    }


def examples():
    for path in sorted(resources().glob("*/example/*.json")):
        if path.name not in NO_MESSAGE:
            document = json.loads(path.read_text())
            yield document.get("@type", "VersionResponse"), document


def places(node, path=()):
    """Every position inside a document, the root first."""
    yield path
    if isinstance(node, dict | list):
        for key, child in node.items() if isinstance(node, dict) else enumerate(node):
            yield from places(child, (*path, key))


def at(document, path):
    for key in path:
        document = document[key]
    return document


def changed(document, path, change):
    found = copy.deepcopy(document)
    change(at(found, path[:-1]), path[-1])
    return found


def variants(document):
    for path in places(document):
        node = at(document, path)
        if isinstance(node, dict):
            for name, value in INTRUDERS.items():
                yield changed(document, (*path, name), lambda parent, key, value=value: parent.update({key: value}))
        if not path:
            continue
        yield changed(document, path, lambda parent, key: parent.pop(key))
        for value in WRONG_VALUES:
            yield changed(document, path, lambda parent, key, value=value: parent.__setitem__(key, value))
        if isinstance(node, str):
            for value in (node + "x", node.lower(), [node]):
                yield changed(document, path, lambda parent, key, value=value: parent.__setitem__(key, value))
        if path[-1] == "timestamp":
            for value in MOMENTS:
                yield changed(document, path, lambda parent, key, value=value: parent.__setitem__(key, value))


def test_every_published_example_is_valid_in_both(published, reference):
    kinds = set()
    for kind, document in examples():
        kinds.add(kind)
        assert reference[kind].is_valid(document), document
        validation.check(kind, document)
    assert kinds == set(validation.SCHEMA_OF) == set(PUBLISHED_OF)


def test_every_broken_variant_has_the_same_verdict(published, reference):
    counts = {True: 0, False: 0}
    for kind, document in examples():
        for variant in variants(document):
            verdict = reference[kind].is_valid(variant)
            assert validation.agrees(kind, variant) is verdict, (kind, verdict, json.dumps(variant))
            counts[verdict] += 1
    assert counts[False] >= LEAST_VARIANTS
    assert counts[True] >= LEAST_VARIANTS  # not everything may be refused


def test_the_decider_and_a_second_implementation_agree_on_a_sample(reference, second_opinion):
    seen = 0
    for kind, document in examples():
        for variant in list(variants(document))[::37]:
            assert second_opinion[kind].is_valid(variant) is reference[kind].is_valid(variant), variant
            seen += 1
    assert seen >= LEAST_VARIANTS / 5


def test_each_message_of_another_kind_is_refused(published):
    for _, document in examples():
        for kind in validation.SCHEMA_OF:
            if "@type" in document and document["@type"] != kind and kind != "Dataset":
                assert not validation.agrees(kind, document), (kind, document)


def test_the_context_of_our_documents_is_the_one_the_schemas_demand(published):
    document = messages.catalog_error("c", ["r"])
    validation.check("CatalogError", document)
    with pytest.raises(MalformedError, match="@context"):
        validation.check("CatalogError", document | {"@context": messages.CONTEXT})
