"""A side's tables in memory, that a crash may strike before a commit, and the same as the store that services take."""

from __future__ import annotations

from connector.store.transaction import Tx
from tests.channel.rig import Database
from tests.tables import declared

TABLES = declared("evidence", "protocol", "agreement", "chain", "channel", "use", "console")


class CrashError(Exception):
    """The process died before it could commit."""


class Disk(Database):
    """`strikes` is how many acts that write are let through, None for all; who was struck is dead until it starts."""

    tables = TABLES

    def __init__(self):
        super().__init__()
        self.strikes, self.struck, self.written = None, False, 0

    def act(self, work):
        if self.struck:
            raise CrashError
        self.connection.execute("BEGIN")
        before, tx = self.connection.total_changes, Tx(self.connection, self.statements)
        try:
            result = work(tx)
            wrote = self.connection.total_changes > before
            self._strike(wrote)
        except BaseException:
            tx.end()
            self.connection.execute("ROLLBACK")
            raise
        tx.end()
        self.connection.execute("COMMIT")
        self.written += wrote
        for after in tx.afters:
            after()
        return result

    def _strike(self, wrote):
        if self.strikes is None or not wrote:
            return
        self.strikes -= 1
        self.struck = self.strikes < 0
        if self.struck:
            raise CrashError

    def restore(self, state):
        super().restore(state)
        self.written += 1

    def start(self):
        self.strikes, self.struck = None, False

    async def read(self, act):
        return self.act(act)

    async def write(self, act):
        return self.act(act)
