"""A PostgreSQL server with a synchronous standby: killed and begun again, or killed for good and failed over to.

`url` leads to whichever of the two takes writes.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from tests.postgres import DATA, DURABLE, ROLE, SETTINGS, WITHIN_SECONDS, _cluster, _quiet, program

LOOK_SECONDS = 0.05
FIRST, SECOND = "first", "second"


class Standby:
    """Both servers, in folders of their own; `folder` may be read by others than us."""

    def __init__(self, folder: Path):
        self._places = {name: folder / name for name in (FIRST, SECOND)}
        self._servers = {}
        self._active = FIRST
        places = ",".join(quote(str(place), safe="") for place in self._places.values())
        self.url = f"postgresql:///postgres?host={places}&user={ROLE}&target_session_attrs=read-write"

    def start(self):
        """Start the first server, and the second as a copy that follows it: no commit is told before it is on both."""
        first, second = self._places.values()
        subprocess.run(["cp", "-a", str(_cluster()), str(first)], check=True)
        self._begin(FIRST)
        owner = shutil.copystat(first, second.mkdir() or second) or first.stat()
        if os.geteuid() == 0:
            os.chown(second, owner.st_uid, owner.st_gid)
        copied = [program("pg_basebackup"), "-h", str(first), "-U", ROLE, "-D", str(second / DATA), "-R"]
        subprocess.run([*copied, "--checkpoint=fast", "--no-sync"], check=True, **_quiet())
        self._begin(SECOND)
        self._ask("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self._ask("SELECT pg_reload_conf()")
        self._until(lambda: self._ask("SELECT sync_state FROM pg_stat_replication") == [("sync",)])

    def kill(self):
        """SIGKILL the server that takes writes, and every process of it."""
        _kill(self._servers.pop(self._active))

    def begin_again(self):
        """Start what was killed; what was acknowledged is there."""
        self._begin(self._active)

    def fail_over(self):
        """Have the other server take writes from now on; the first one is gone for good."""
        assert self._active == FIRST, "there is one standby"
        self._active = SECOND
        self._ask("SELECT pg_promote()")
        self._until(lambda: self._ask("SELECT pg_is_in_recovery()") == [(False,)])

    @property
    def failed_over(self):
        return self._active == SECOND

    def stop(self):
        for server in self._servers.values():
            _kill(server)

    def _begin(self, name):
        place = self._places[name]
        command = [program("postgres"), "-D", str(place / DATA), "-k", str(place), *SETTINGS.split(), *DURABLE.split()]
        self._servers[name] = subprocess.Popen(command, **_quiet())
        self._until(lambda: self._answers(name))

    def _answers(self, name):
        import psycopg

        assert self._servers[name].poll() is None, f"the {name} server ended"
        with suppress(psycopg.OperationalError):
            return bool(self._ask("SELECT 1", name))
        return False

    def _ask(self, statement, name=""):
        import psycopg

        place = self._places[name or self._active]
        with psycopg.connect(host=str(place), user=ROLE, dbname="postgres", autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def _until(self, holds):
        last = time.monotonic() + WITHIN_SECONDS
        while not holds():
            assert time.monotonic() < last
            time.sleep(LOOK_SECONDS)


def _kill(server):
    """Kill a server and those it has begun, which would otherwise hold its memory until they notice."""
    begun = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    for process in (server.pid, *map(int, begun)):
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    server.wait(WITHIN_SECONDS)
