"""Objects of a bucket: what is sealed of them opens to the same bytes, and one that is replaced fails the sealing.

Against moto's server, or against the program that PENSTOCK_TEST_S3 names (`make test-s3`).
"""

from __future__ import annotations

import pytest

from connector.custody.errors import VaultError
from connector.custody.sources import Doors, source_of
from connector.net.outbound import Outbound
from tests.custody.served import bucket
from tests.custody.test_seal_and_open import noise, sealed_source
from tests.custody.test_sources import LONG, read_back


@pytest.fixture
def doors(tmp_path):
    return Doors(tmp_path, lambda: Outbound(development=True))


@pytest.fixture(scope="module")
def store():
    with pytest.MonkeyPatch.context() as environment, bucket(environment) as found:
        yield found


def test_objects_of_a_bucket(store, tmp_path, doors):
    store.put("year/a.bin", LONG)
    store.put("year/sub/b.bin", b"b")
    store.put("year/empty", b"")
    store.put("yearling", b"beside")
    below = source_of(["s3://data/year"], doors)
    assert read_back(tmp_path / "1", below) == {"a.bin": LONG, "sub/b.bin": b"b", "empty": b""}
    assert below.json()[0] == {"path": "s3://data/year/a.bin", "name": "a.bin", "bytes": str(len(LONG))}
    assert read_back(tmp_path / "2", source_of(["s3://data/year/sub/b.bin"], doors)) == {"b.bin": b"b"}
    (tmp_path / "local.txt").write_bytes(b"here")
    mixed = source_of([tmp_path / "local.txt", "s3://data/yearling"], doors)
    assert read_back(tmp_path / "3", mixed) == {"local.txt": b"here", "yearling": b"beside"}


@pytest.mark.parametrize("after", [noise(len(LONG), 4), LONG + b"1", LONG[:-1]])
def test_an_object_that_is_replaced_fails_the_sealing(store, tmp_path, doors, after):
    store.put("a", LONG)
    planned = source_of(["s3://data/a"], doors)
    store.put("a", after)
    with pytest.raises(VaultError, match="`s3://data/a` changed while it was sealed"):
        sealed_source(tmp_path, planned)


@pytest.mark.parametrize("place", ["s3://data/none", "s3://nobody/none"])
def test_a_bucket_without_the_object_is_refused(store, doors, place):
    with pytest.raises(VaultError, match=r"cannot be read|found `0` files"):
        source_of([place], doors)
