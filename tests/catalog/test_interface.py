"""Which calls an interface takes: what is named and nothing else, however its path is written."""

from __future__ import annotations

from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.errors import CatalogError
from catalog.interface import METHODS, SEGMENTS_MAX, path_of, read, segments
from tests.every import every

RAIN = read(["GET /rain/{day}?station,year", "GET /maps/*", "POST /search?*", "GET /"])


def allowed(method, raw, *names):
    try:
        RAIN.require(method, segments(raw), names)
    except CatalogError:
        return False
    return True


@every(
    ("method", "raw", "names", "said"),
    [
        ("GET", "rain/2026-01-01", (), True),
        ("GET", "rain/2026-01-01", ("station", "year"), True),
        ("GET", "rain/2026-01-01", ("station", "limit"), False),
        ("POST", "rain/2026-01-01", (), False),
        ("GET", "rain", (), False),
        ("GET", "rain/a/b", (), False),
        ("GET", "maps", (), True),
        ("GET", "maps/a/b.png", (), True),
        ("GET", "maps/a", ("zoom",), False),
        ("POST", "search", ("anything",), True),
        ("GET", "", (), True),
        ("GET", "admin", (), False),
        ("GET", "%72ain/1", (), True),
        ("GET", "RAIN/1", (), False),
    ],
)
def test_what_is_named_is_let_through_and_nothing_else(method, raw, names, said):
    assert allowed(method, raw, *names) is said


@every(
    "raw",
    [
        "rain/..",
        "maps/../admin",
        "maps/%2e%2e/admin",
        "maps//a",
        "maps/.",
        "maps/a%2fb",
        "maps/a%5Cb",
        "maps/a\\b",
        "maps/a%00",
        "maps/%0d%0aHost:x",
        "maps/%zz",
        "maps/%",
        "maps/%ff",
        "maps/",
        "/maps",
        "a/" * SEGMENTS_MAX + "b",
    ],
)
def test_what_two_servers_could_read_in_two_ways_is_no_path(raw):
    with pytest.raises(CatalogError):
        segments(raw)


@every(
    "line",
    ["", "GET", "FETCH /a", "get /a", "GET a", "GET /a/../b", "GET /a*b", "GET /{}", "GET /{a b}", "GET /a?b c"],
)
def test_what_is_no_call(line):
    with pytest.raises(CatalogError):
        read([line])


@every("line", ["GET /*/a", "CONNECT /a", "GET //a", "GET /a\r\nX: y", "GET " + "/a" * 600])
def test_what_is_no_call_either(line):
    with pytest.raises(CatalogError):
        read([line])


PARTS = st.text(st.characters(exclude_categories=("C", "Z"), exclude_characters="/\\"), min_size=1, max_size=12).filter(
    lambda one: one not in (".", "..") and one.isprintable()
)


@given(st.lists(PARTS, max_size=6).map(tuple))
def test_a_path_is_written_so_that_it_is_read_as_it_was(path):
    written = path_of(path)
    assert segments(written[1:]) == path
    assert written.isascii()
    assert all(unquote(one) == said for one, said in zip(written.split("/")[1:], path, strict=True))


@given(st.sampled_from(METHODS), st.lists(PARTS, min_size=1, max_size=4).map(tuple))
def test_what_is_let_through_is_below_what_was_named(method, path):
    interface = read(["GET /maps/*"])
    raw = "/".join(quote(one, safe="") for one in path)
    try:
        interface.require(method, segments(raw), ())
    except CatalogError:
        assert method != "GET" or path[0] != "maps"
    else:
        assert (method, path[0]) == ("GET", "maps")


def test_an_interface_is_written_as_it_is_read():
    assert read(RAIN.json()["calls"]) == RAIN
