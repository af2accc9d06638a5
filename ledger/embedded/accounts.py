"""py-evm's accounts, with the words of each program in a tree that is laid out once a block (`late_trie`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from eth.db.account import AccountDB
from eth.db.batch import BatchDB
from eth.db.cache import CacheDB
from eth.db.journal import JournalDB
from eth.db.storage import AccountStorageDB, StorageLookup

from ledger.embedded.late_trie import LateTrie

if TYPE_CHECKING:
    from eth.abc import AccountStorageDatabaseAPI, AtomicDatabaseAPI, DatabaseAPI
    from eth_typing import Address, Hash32


class Words(StorageLookup):
    """The words of one program: read under the root of the block before, written under a new one."""

    _reading: LateTrie | None = None

    def _get_write_trie(self) -> Any:
        if self._write_trie is None:
            self._trie_nodes_batch = BatchDB(self._db, read_through_deletes=True)
            written: Any = LateTrie(self._trie_nodes_batch, self._starting_root_hash)
            self._write_trie = written
        return self._write_trie

    def _get_read_trie(self) -> Any:
        if self._write_trie is not None:
            return self._write_trie
        if self._reading is None or self._reading.root_hash != self._starting_root_hash:
            self._reading = LateTrie(self._db, self._starting_root_hash)
        return self._reading

    def commit_to(self, db: DatabaseAPI) -> None:
        """Write the new nodes; without any there is nothing to lay out, and upstream says so."""
        if self._write_trie is not None:
            self.get_changed_root()
        super().commit_to(db)


class Storage(AccountStorageDB):
    """What one program stores, in upstream's layers over such words."""

    def __init__(self, db: AtomicDatabaseAPI, storage_root: Hash32, address: Address) -> None:
        super().__init__(db, storage_root, address)
        self._storage_lookup = Words(db, storage_root, address)
        self._storage_cache = CacheDB(self._storage_lookup)
        self._locked_changes = JournalDB(self._storage_cache)
        self._journal_storage = JournalDB(self._locked_changes)


class Accounts(AccountDB):
    """All accounts under a state root."""

    def _get_address_store(self, address: Address) -> AccountStorageDatabaseAPI:
        store = self._account_stores.get(address)
        if store is None:
            store = self._account_stores[address] = Storage(
                self._raw_store_db, self._get_storage_root(address), address
            )
        return store
