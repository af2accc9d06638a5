"""The store's statements in PostgreSQL's words, and nothing else changed."""

from __future__ import annotations

from connector.store import postgres_words
from tests.every import every


@every(
    ("sql", "values", "text", "taken"),
    [
        ("SELECT a FROM t WHERE b = ? AND c > ?", (1, 2), "SELECT a FROM t WHERE b = $1 AND c > $2", (0, 1)),
        ('SELECT a FROM t WHERE "b" IS ?', (1,), 'SELECT a FROM t WHERE "b" = $1', (0,)),
        ('SELECT a FROM t WHERE "b" IS ? AND c = ?', (None, 2), 'SELECT a FROM t WHERE "b" IS NULL AND c = $1', (1,)),
        ("SELECT a FROM t WHERE b is not ?", (None,), "SELECT a FROM t WHERE b IS NOT NULL", ()),
        ("SELECT a FROM t WHERE b is not ?", (3,), "SELECT a FROM t WHERE b IS DISTINCT FROM $1", (0,)),
        ("SELECT '?', \"is ?\" FROM t WHERE a = '''?' OR b = ?", (1,), None, (0,)),
        ("SELECT a FROM t WHERE b is null", (), "SELECT a FROM t WHERE b is null", ()),
        ("DELETE FROM t WHERE this ?", (1,), "DELETE FROM t WHERE this $1", (0,)),
    ],
)
def test_marks_and_comparisons_with_nothing(sql, values, text, taken):
    words = postgres_words.of(sql, values)
    assert words.text == (text or "SELECT '?', \"is ?\" FROM t WHERE a = '''?' OR b = $1")
    assert (words.taken, words.marks) == (taken, len(values))


@every(
    ("sql", "table", "sets", "one_row"),
    [
        ('INSERT INTO "t" ("a", "b") VALUES (?, ?)', "t", set(), True),
        ('INSERT INTO "t" ("a") VALUES (?) ON CONFLICT ("a") DO NOTHING', "t", set(), False),
        (
            'INSERT INTO "t" ("a", "b") VALUES (?, ?) ON CONFLICT ("a") DO UPDATE SET "b" = excluded."b"',
            "t",
            {"b"},
            False,
        ),
        ('UPDATE "t" SET "a" = ?, "b" = ? WHERE "c" IS ?', "t", {"a", "b"}, False),
        ("UPDATE t SET a = ? WHERE b = ?", "t", {"a"}, False),
        ('DELETE FROM "t" WHERE "a" IS ?', "t", set(), False),
        ("SELECT max(a) AS a FROM t WHERE b = ?", "", set(), False),
        ("WITH x AS (SELECT 1) SELECT * FROM x", "", set(), False),
    ],
)
def test_what_a_statement_writes(sql, table, sets, one_row):
    words = postgres_words.of(sql, (1,) * sql.count("?"))
    assert (words.table, words.sets, words.one_row) == (table, sets, one_row)
    assert words.text.endswith("ON CONFLICT DO NOTHING") is one_row
