"""A place in a catalogue has one spelling; a `Link` header is read as its specification writes it."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from connector.negotiation.protocol import continuation
from connector.negotiation.protocol.continuation import Place, linked
from connector.negotiation.protocol.errors import MalformedError
from tests.every import every


@given(shelf=st.sampled_from("dc"), key=st.text(max_size=256), backward=st.booleans())
def test_a_place_has_one_spelling(shelf, key, backward):
    try:
        key.encode()
    except UnicodeEncodeError:
        return
    place = Place(shelf, key, backward=backward)
    assert continuation.read(place.token(), "dc") == place
    header = continuation.header("https://a.example/x", [("next", place), ("previous", None)])
    url = linked([header], "next")
    assert parse_qs(urlsplit(url).query) == {"continuationToken": [place.token()]}
    assert linked([header], "previous") is None


@given(st.text(max_size=60))
def test_whatever_else_is_no_place(token):
    try:
        place = continuation.read(token, "dc")
    except MalformedError:
        return
    assert place.token() == token


LINKS = {
    '<https://a/2>; rel="next"': "https://a/2",
    "<https://a/2>; rel=next": "https://a/2",
    '<https://a/2>; REL="Next"': "https://a/2",
    '<https://a/1>; rel="previous", <https://a/2>; rel="next"': "https://a/2",
    '<https://a/2?x=1,2;y>; title="a, \\"b\\"; c"; rel="start next"': "https://a/2?x=1,2;y",
    "<https://a/2>;rel=next;foo": "https://a/2",
    '<https://a/1>; rel="prev"': None,
    '<https://a/2>; title="rel=next"': None,
    "<https://a/2>": None,
    "https://a/2; rel=next": None,
    "": None,
}


@every("header", LINKS)
def test_a_link_is_read_as_it_is_written(header):
    assert linked([header], "next") == LINKS[header]
    assert linked(['<https://a/0>; rel="start"', header], "next") == LINKS[header]
