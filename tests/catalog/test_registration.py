"""What is registered at a node: read as it is written, refused at the member that is wrong; codes as it draws them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import identifiers
from catalog.errors import CatalogError
from catalog.printable import is_line
from catalog.registration import HOLDERS, KINDS, Registration, drawn, from_json
from catalog.resource import NOWHERE, place_of
from contracts.check_character import ALPHABET

SUBJECT = "91440000MA00000001"
LINES = st.text(min_size=1, max_size=64).filter(lambda text: text.strip() and is_line(text))
SUBJECTS = st.text(ALPHABET, min_size=18, max_size=18)
PLACES = st.text("0123456789", min_size=4, max_size=4)


@st.composite
def registrations(draw):
    kind = draw(st.sampled_from(sorted(KINDS)))
    whose = {"subject": draw(SUBJECTS), "place": draw(PLACES)} if kind in HOLDERS else {}
    return Registration(kind, draw(LINES), draw(LINES), **whose)


@given(registrations())
def test_it_is_read_as_it_is_written(wanted):
    assert from_json(wanted.json()) == wanted


@given(registrations(), st.data())
def test_a_member_that_lacks_or_is_too_many_is_named(wanted, data):
    document = wanted.json()
    name = data.draw(st.sampled_from(sorted(document)))
    without = {key: value for key, value in document.items() if key != name}
    with pytest.raises(CatalogError, match=name):
        from_json(without)
    with pytest.raises(CatalogError, match="code"):
        from_json({**document, "code": "6"})
    for wrong in (None, 7, [], {}, "x" * 600, "\n"):
        with pytest.raises(CatalogError):
            from_json({**document, name: wrong})


@given(st.sampled_from(sorted(KINDS)), SUBJECTS, PLACES)
def test_a_drawn_code_is_read_and_never_passes_for_a_local_one(kind, subject, place):
    code = identifiers.read(drawn(kind, subject, place))
    assert (code.kind, code.subject, code.place, code.local) == (KINDS[kind], subject, place, False)
    assert drawn(kind, subject, place) != str(code)


@pytest.mark.parametrize(
    ("region", "place"),
    [("CN-GD", "4400"), ("CN-44", "4400"), ("440300", "4403"), ("110000", "1100"), ("CN", NOWHERE), ("US-NY", NOWHERE),
     ("HK", NOWHERE), ("", NOWHERE)],
)  # fmt: skip
def test_a_place_follows_from_a_region_of_china(region, place):
    assert place_of(region) == place
