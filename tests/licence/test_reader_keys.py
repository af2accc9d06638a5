"""An opening that was interrupted goes on with the window that came again, or begins anew: it waits for no lost key."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from connector.licence.books import Books
from contracts.ranges import RowSet

ROWS = RowSet.rows([3, 6, 7])


@pytest.fixture
def books():
    return Books(None, None, None, None, None)


def window(*rows):
    return SimpleNamespace(keys=[SimpleNamespace(row=row) for row in rows])


@pytest.mark.parametrize(
    ("received", "here", "after_a_kill"),
    [
        (window(3, 6, 7), True, True),  # all of it
        (window(3, 6), True, False),  # the first batch: the key buys the others
        (window(6, 7), False, False),  # the first batch went with an earlier run
        (window(), False, False),  # acknowledged: it brings no keys any more
        (None, False, False),
    ],
)
def test_it_goes_on_with_what_came_again(books, received, here, after_a_kill):
    lent = books.lend(X25519PrivateKey.generate())
    assert books.goes_on(lent, received, ROWS) == (lent if here else None)
    books.forget(lent)
    assert books.goes_on(lent, received, ROWS) == (lent if after_a_kill else None)
