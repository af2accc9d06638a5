"""Tables and queries of a real PostgreSQL server: one snapshot, the same bytes each time, nothing written."""

from __future__ import annotations

import csv
import io
import tempfile
import threading
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from connector.custody.errors import VaultError
from connector.custody.sources import Doors, check_address, source_of
from connector.net.outbound import Outbound
from tests.custody.test_seal_and_open import opened, sealed_source
from tests.postgres import program, running

ROWS = 5_000
TABLES = """
    CREATE TABLE flight (id int, leg int, delay float8, carrier text, at timestamptz, raw bytea, PRIMARY KEY (leg, id));
    INSERT INTO flight SELECT n, n % 3, n / 7.0, CASE n % 5 WHEN 0 THEN NULL ELSE 'a "b",' || E'\\n' || n END,
        '2026-03-01 12:00:00+08'::timestamptz + n * interval '1 hour', decode(lpad(to_hex(n), 8, '0'), 'hex')
        FROM generate_series(1, 5000) AS n ORDER BY random();
    CREATE SCHEMA "Odd name"; CREATE TABLE "Odd name"."Table; --" (word text);
    INSERT INTO "Odd name"."Table; --" VALUES ('b'), ('a'), (NULL), ('a');
"""


@pytest.fixture(scope="module")
def database(absent):
    if program("postgres") is None or program("initdb") is None:
        absent("no PostgreSQL server is installed")
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as environment:
        Path(name).chmod(0o755)  # the server runs as another user
        with running(Path(name) / "server") as reached:
            for key, value in reached.items():
                environment.setenv(key, value)
            with psycopg.connect("") as connection:
                connection.execute(TABLES)
            yield


@pytest.fixture
def doors(tmp_path):
    return Doors(tmp_path, lambda: Outbound(development=True))


def read(doors, **what) -> bytes:
    ((name, value),) = what.items()
    (file,) = source_of([f"postgresql:///postgres?{name}={quote(value)}"], doors).files
    with file.open() as stream:
        return stream.read()


def test_a_table_is_sealed_as_csv_in_the_order_of_its_key(database, tmp_path, doors):
    source = source_of(["postgresql:///postgres?table=public.flight"], doors)
    keys, blobs, sealed = sealed_source(tmp_path, source)
    content = opened(tmp_path, keys, blobs, sealed)["flight.csv"]
    rows = list(csv.reader(io.StringIO(content.decode(), newline="")))
    assert rows[0] == ["id", "leg", "delay", "carrier", "at", "raw"]
    assert [(int(row[1]), int(row[0])) for row in rows[1:]] == sorted((n % 3, n) for n in range(1, ROWS + 1))
    first = next(row for row in rows if row[0] == "4")
    assert first[2:] == [repr(4 / 7), 'a "b",\n4', "2026-03-01 08:00:00+00", "\\x00000004"]
    assert source.json()[0]["path"] == "postgresql:///postgres?table=public.flight"


def test_equal_rows_are_equal_bytes_wherever_they_lie(database, doors):
    before = read(doors, table="flight")
    with psycopg.connect("", autocommit=True) as connection:
        connection.execute("UPDATE flight SET delay = delay WHERE id % 2 = 0")
        connection.execute("ALTER DATABASE postgres SET timezone TO 'Asia/Shanghai'")
        connection.execute("ALTER DATABASE postgres SET datestyle TO 'German'")
        connection.execute("ALTER DATABASE postgres SET extra_float_digits TO -3")
        connection.execute("VACUUM FULL flight")
    assert read(doors, table="flight") == before


def test_a_table_without_a_key_is_ordered_by_its_text(database, doors):
    assert read(doors, table="Odd name.Table; --") == b"word\n\na\na\nb\n"


def test_a_query_keeps_its_own_order(database, doors):
    query = "SELECT id, carrier FROM flight WHERE id < 4 ORDER BY id DESC -- a remark"
    assert read(doors, query=query) == b'id,carrier\n3,"a ""b"",\n3"\n2,"a ""b"",\n2"\n1,"a ""b"",\n1"\n'


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM flight RETURNING id",
        "SELECT 1) TO PROGRAM 'touch /tmp/penstock-was-here' --",
        "SELECT 1; DROP TABLE flight",
        "COPY flight TO PROGRAM 'true'",
        "SELECT nextval('s') FROM nowhere",
        "SELECT set_config('transaction_read_only', 'off', true), id FROM flight",
        "",
    ],
)
def test_a_query_can_only_read(database, doors, query):
    before = read(doors, table="flight")
    with pytest.raises(VaultError, match=r"`postgresql:///postgres` cannot be read|names no single"):
        read(doors, query=query)
    assert read(doors, table="flight") == before
    assert not Path("/tmp/penstock-was-here").exists()


def test_all_comes_from_one_snapshot(database, doors):
    """A row that is committed while the answer is written is not in it."""
    with psycopg.connect("", autocommit=True) as other:
        other.execute("CREATE TABLE moving AS SELECT generate_series(1, 300) AS n")
        other.execute("CREATE FUNCTION seen() RETURNS bigint LANGUAGE sql VOLATILE AS 'SELECT count(*) FROM moving'")
        meanwhile = threading.Timer(0.1, other.execute, ["INSERT INTO moving VALUES (0)"])
        meanwhile.start()
        found = read(doors, query="SELECT seen() FROM (SELECT pg_sleep(0.002) FROM moving) AS slowly")
        meanwhile.join()
        assert set(found.splitlines()[1:]) == {b"300"}
        assert read(doors, query="SELECT seen()") == b"seen\n301\n"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("postgresql:///postgres?table=nothing", "does not exist"),
        ("postgresql://nobody@/postgres?host=/nowhere&table=t", "cannot be read"),
        ("postgresql:///postgres?table=a&query=b", "names no single"),
        ("postgresql:///postgres", "names no single"),
        ("postgresql:///?table=a", "names no single"),
        ("postgresql://me:pencil@host/db?table=a", "holds a password"),
        ("postgresql://host/db?table=a&password=pencil", "has no place"),
        ("postgresql://host/db?table=a&options=-cx", "has no place"),
    ],
)
def test_an_address_that_cannot_be_read_says_why(database, doors, address, words):
    with pytest.raises(VaultError, match=words) as refused:
        source_of([address], doors)
    assert "pencil" not in str(refused.value)


def test_a_password_is_refused_before_anything_is_kept():
    for address in ("postgresql://me:pencil@host/db?table=a", "postgresql://host/db?table=a&password=pencil"):
        with pytest.raises(VaultError):
            check_address(address)
