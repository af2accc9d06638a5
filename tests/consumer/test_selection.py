"""How many columns a SELECT gives, where its text says it."""

from __future__ import annotations

from connector.consumer.selection import selected
from tests.every import every


@every(
    ("statement", "columns"),
    [
        ("select age from firms", 1),
        ("SELECT age, revenue FROM firms WHERE a in (1, 2)", 2),
        ("select age, (revenue - 1) * 2, round(a, 2) from firms", 3),
        ("select case when a in ('x, y', 'from') then 1 else 0 end, b from t", 2),
        ('select "a, b", "from" from t', 2),
        ("select 'it''s, so', a from t", 2),
        ("select extract(year from day), b from t", 2),
        ("select a is distinct from b, c from t", 2),
        ("select a is not distinct from b from t", 1),
        ("select [1, 2][1], b from t", 2),
        ("select a\n,\tb\nfrom t", 2),
        ("select * from t", None),
        ("select a, b", None),
        ("select a -- , b\n from t", None),
        ("select a /* , b */ from t", None),
        ("with x as (select 1) select a from x", None),
        ("", None),
        ("from t", None),
    ],
)
def test_columns_are_counted(statement, columns):
    assert selected(statement) == columns
