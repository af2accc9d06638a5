"""Any bytes give a tree or a PolicyError, soon; so does any tree, and so does the parser with either."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from policy.errors import PolicyError
from policy.forms.compact import compact
from policy.forms.document import MAX_JSON_BYTES, MAX_TURTLE_BYTES, read
from policy.forms.terms import ANNOTATIONS, KEYS, RDF, SYNONYMS
from policy.parse import parse
from policy.vocabulary.names import ODRL
from tests.every import every
from tests.fault.extent import tried

CLASSES = sorted((Path(__file__).parents[1] / "classes").glob("*.json"))
SECONDS_MAX = 10  # the slowest of them takes half a second when the machine does nothing else
MUTATIONS = 400


def outcome(data):
    """Read as far as it goes; whatever is raised beside PolicyError fails the test."""
    try:
        tree = read(data)
        assert isinstance(tree, dict)
        parse(tree)
    except PolicyError as error:
        str(error).encode()


@given(st.binary(max_size=200))
@settings(max_examples=tried(300), deadline=None)
def test_any_bytes(data):
    outcome(data)


TOKENS = st.sampled_from(
    ["{", "}", "[", "]", ",", ":", '"', '"@id"', '"@type"', '"permission"', '"odrl:Set"', "1e5", "-", "null", "\\u",
     " ", "<a>", "<b>", "_:b", "a", ".", ";", "(", ")", "@prefix p: <urn:p:> .", "p:x", '"x"', "^^", "@en", "'''",
     "true", "#", "\n", "@base", f"<{ODRL}permission>", f"<{ODRL}Set>", f"<{RDF}first>", f"<{RDF}rest>", "[]", "é"]
)  # fmt: skip


@given(st.lists(TOKENS, max_size=40).map(" ".join))
@settings(max_examples=tried(300), deadline=None)
def test_any_tokens(text):
    outcome(text.encode())


NAMES = st.sampled_from(
    sorted(KEYS.keys() | SYNONYMS.keys()) + sorted(ANNOTATIONS)[:4]
    + ["@context", "@graph", "@list", "@set", "@value", "@language"]
    + ["odrl:permission", "odrl:action", "ids:x", "x", "", "_:b"]
)  # fmt: skip
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | NAMES | st.text(max_size=4)
TREES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=25
)


@given(TREES)
@example({"and": {"http://purl.org/dc/terms/abstract": None, "@list": None}})
@settings(max_examples=tried(300), deadline=None)
def test_any_tree(tree):
    try:
        settled = compact(tree)
        assert compact(settled) == settled
        parse(settled)
    except PolicyError as error:
        str(error).encode()


@pytest.mark.parametrize("form", ["json", "expanded", "turtle"])
def test_mutations_of_what_is_valid(forms, form):
    seed = random.Random(f"forms/{form}")
    sources = [_written(forms, form, path) for path in CLASSES]
    for _ in range(MUTATIONS):
        outcome(_mutated(seed.choice(sources), seed))


def _written(forms, form, path):
    if form == "json":
        return path.read_bytes()
    expanded = forms.expand(compact(json.loads(path.read_bytes())))
    return json.dumps(expanded).encode() if form == "expanded" else forms.turtle(forms.flat(expanded))


def _mutated(data, seed):
    for _ in range(seed.randint(1, 4)):
        at, length = seed.randrange(len(data)), seed.randint(0, 12)
        piece = data[(other := seed.randrange(len(data))) : other + length]
        insert = seed.choice(
            [piece, b"", b'"', b"]", b"{", b"\xff", b"0", b":", b",", b".", b";", bytes([seed.randrange(256)])]
        )
        data = (data[:at] + insert + data[at + seed.choice([0, 1, length]) :]) or b"{"
    return data


def filled(unit, size, head="", tail=""):
    return (head + unit * ((size - len(head) - len(tail)) // len(unit)) + tail).encode()


SLOW = {
    "brackets": filled("[", MAX_JSON_BYTES),
    "objects": filled('{"permission":', MAX_JSON_BYTES),
    "numbers": filled("1,", MAX_JSON_BYTES, "[", "1]"),
    "digits": filled("9", MAX_JSON_BYTES, "["),
    "escapes": filled("\\u0041", MAX_JSON_BYTES, '["', '"]'),
    "keys": b"{" + b",".join(b'"k%d":1' % n for n in range(60_000)) + b"}",
    "rules": filled('{"odrl:action":"use"},', MAX_JSON_BYTES // 2, '{"permission":[', '{"action":"use"}]}'),
    "turtle brackets": filled("[ <p> ", MAX_TURTLE_BYTES, "<a> <b> "),
    "turtle lists": filled("1 ", MAX_TURTLE_BYTES, "<a> <b> (", ") ."),
    "turtle escapes": filled("\\n", MAX_TURTLE_BYTES, '<a> <b> "', '" .'),
    "turtle blanks": filled("\n", MAX_TURTLE_BYTES, "<a> <b> ", "<c> ."),
    "turtle paths": filled("../", MAX_TURTLE_BYTES, "<a> <b> <", "> ."),
    "turtle digits": filled("9", MAX_TURTLE_BYTES, "<a> <b> ", " ."),
    "turtle bases": filled("@base <a/> .\n", MAX_TURTLE_BYTES),
    "turtle chain": b"\n".join(b"_:b%d <p> _:b%d ." % (n, n + 1) for n in range(9_000)),
}


@every("data", SLOW.values(), ids=SLOW)
def test_the_longest_takes_no_longer_than_it_may(data):
    started = time.perf_counter()
    outcome(data)
    assert time.perf_counter() - started < SECONDS_MAX
