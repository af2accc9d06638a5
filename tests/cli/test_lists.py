"""Lists as tables: what the one writer makes of a row, and every declared table beside the shape of its answer."""

from __future__ import annotations

import pytest

from connector.client.acts.columns import Column, lines
from connector.client.acts.table import TABLE

DIGEST = "5b1f0c" * 10 + "abcd"
UUID = "3f0c9d3e-8f5e-4b0e-9c55-2f9a7b1d6e10"
OBJECT = {"id": "p", "title": "Tides", "provider": "did:web:p", "en": "other words"}
SAMPLES = {"text": "words", "digits": "7", "number": 7, "truth": True, "object": OBJECT, "any": 1}
LISTS = {act.words: act for act in TABLE if act.table}
# lists of another form: each figure with its formula and source; what was paid, with its distribution
OTHERWISE = {"indicator list", "price list"}


def row_of(shape, *, full):
    """Return a row of this shape: with all that it may have, or with as little as it has to."""
    if isinstance(shape, list):
        return [row_of(shape[0], full=full)] if full else []
    if isinstance(shape, dict):
        told = {name.rstrip("?"): one for name, one in shape.items() if full or not name.endswith("?")}
        return {name: "CNY" if name == "currency" else row_of(one, full=full) for name, one in told.items()}
    if shape.endswith("?") and (not full or shape == "object?"):
        return None
    return SAMPLES[shape.rstrip("?")]


@pytest.mark.parametrize(
    ("column", "value", "short"),
    [
        (Column("ID", "it", is_id=True), DIGEST, DIGEST[:12]),
        (Column("ID", "it", is_id=True), UUID, UUID[:12]),
        (Column("ID", "it", is_id=True), f"urn:uuid:{UUID}", UUID[:12]),
        (Column("ID", "it", is_id=True), "nyc-flights-2013", "nyc-flights-2013"),
        (Column("ID", "it", is_id=True), "did:web:localhost%3A8443", "did:web:localhost%3A8443"),
        (Column("AT", "it", is_moment=True), "2026-03-01T12:15:09.123+00:00", "2026-03-01 12:15"),
        (Column("AT", "it", is_moment=True), "2026-03-01T12:15:09Z", "2026-03-01 12:15"),
        (Column("AT", "it", is_moment=True), "2026-03-01T12:15:09+08:00", "2026-03-01T12:15:09+08:00"),
        (Column("AT", "it", is_moment=True), "never", "never"),
        (Column("AT", "it", is_moment=True), "LATE: 2026-03-01T12:15:09+00:00", "LATE: 2026-03-01 12:15"),
        (Column("WHY", "it", characters=4), "too late", "too "),
        (Column("WHY", "it"), "too late", "too late"),
    ],
)
def test_a_cell_is_short_and_whole_with_long(column, value, short):
    assert lines([column], [{"it": value}])[1] == short.rstrip()
    assert lines([column], [{"it": value}], long=True)[1] == value


def test_what_somebody_wrote_begins_no_line_and_nothing_is_an_empty_cell():
    columns = (Column("A", "a"), Column("B", "b"))
    assert lines(columns, [{"a": "x\n\n  y", "b": None}, {"b": "z"}]) == ["A    B", "x y", "     z"]


def test_a_terminal_is_told_nothing_by_what_somebody_wrote():
    shown = lines((Column("A", "a"),), [{"a": "\x1b[2J\u202egone\r\u2028new"}])
    assert shown == ["A", "\N{REPLACEMENT CHARACTER}[2J\N{REPLACEMENT CHARACTER}gone new"]


def test_a_rare_column_is_there_where_a_row_has_something_in_it_or_all_is_asked_for():
    columns = (Column("A", "a"), Column("B", "b", rare=True))
    assert lines(columns, [{"a": "x", "b": ""}]) == ["A", "x"]
    assert lines(columns, [{"a": "x"}, {"a": "y", "b": "z"}]) == ["A  B", "x", "y  z"]
    assert lines(columns, [{"a": "x"}], long=True) == ["A  B", "x"]
    assert lines(columns, []) == []


def test_places_of_a_terminal_are_counted():
    assert lines((Column("名称", "a"), Column("N", "n", is_count=True)), [{"a": "潮汐表", "n": "5"}]) == [
        "名称    N",
        "潮汐表  5",
    ]


@pytest.mark.parametrize("words", LISTS)
@pytest.mark.parametrize("full", [True, False])
def test_a_table_shows_whatever_row_its_answer_may_have(words, full):
    act = LISTS[words]
    answer = row_of(act.answer, full=True)
    name, (shape,) = next((name.rstrip("?"), one) for name, one in act.answer.items() if isinstance(one, list))
    answer[name] = [row_of(shape, full=full)]
    for long in (False, True):
        shown = act.shows(answer, long=long)
        heads = [one.head for one in act.table if long or not (one.long or one.rare)]
        assert all(head in shown[0] for head in heads)
        assert len(shown) >= 2
    assert not [one.told for one in act.table if isinstance(one.told, str) and one.told not in row_of(shape, full=True)]


@pytest.mark.parametrize("words", LISTS)
def test_an_empty_list_says_so(words):
    act = LISTS[words]
    answer = row_of(act.answer, full=True) | {"next": None}
    name = next(name.rstrip("?") for name, one in act.answer.items() if isinstance(one, list))
    assert act.none or act.shows(answer | {name: []}, long=False) or words == "version list"


def test_every_list_is_a_table():
    """What is called a list and has a command names its columns."""
    called = {act.name for act in TABLE if act.name.endswith(" list") and act.words}
    assert called - {act.name for act in LISTS.values()} == OTHERWISE
