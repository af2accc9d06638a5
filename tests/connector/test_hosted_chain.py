"""The embedded chain's file on a disk that fails: told as that, as for every other database of ours."""

from __future__ import annotations

import pytest

from connector.chain.hosted import open_hosted
from connector.runtime.clock import Clock
from connector.runtime.errors import is_disk
from connector.store.errors import StoreDamaged


async def test_a_chain_that_cannot_be_read_is_the_disk_s_fault(tmp_path):
    path = tmp_path / "chain.db"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(StoreDamaged) as refused:
        await open_hosted(path, Clock(), lambda _account: False, with_bls=False)
    assert is_disk(refused.value)
