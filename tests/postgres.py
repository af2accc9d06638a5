"""A real PostgreSQL server of the tests' own, on a socket in a folder; its program refuses to run as root."""

from __future__ import annotations

import atexit
import os
import pwd
import shutil
import subprocess
import tempfile
import time
import uuid
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from urllib.parse import quote

WITHIN_SECONDS = 30
DATA, ROLE = "data", "keeper"
# where folders of tests lie (tests/conftest.py)
MEMORY = os.environ.get("PYTEST_DEBUG_TEMPROOT")
SETTINGS = "-c listen_addresses= -c shared_buffers=8MB -c lc_messages=C"
READ_ONLY = "-c fsync=off -c max_connections=20"
# for a store, which asks for no less than it promises
DURABLE = "-c fsync=on -c max_connections=80"


def program(name: str) -> str | None:
    """Return a program of PostgreSQL: of the path, or of the newest version that Debian installed beside it."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: float(path.parts[4]))
    return shutil.which(name) or (str(found[-1]) if found else None)


@contextmanager
def running(folder: Path, settings: str = READ_ONLY):
    """Yield the environment with which clients reach a new server as its owner."""
    subprocess.run(["cp", "-a", str(_cluster()), str(folder)], check=True)
    places = [program("postgres"), "-D", str(folder / DATA), "-k", str(folder)]
    server = subprocess.Popen([*places, *SETTINGS.split(), *settings.split()], **_quiet())
    environment = {"PGHOST": str(folder), "PGUSER": ROLE, "PGDATABASE": "postgres"}
    try:
        _wait(environment, server)
        yield environment
    finally:
        server.terminate()
        server.wait(WITHIN_SECONDS)


def _quiet() -> dict:
    """Return who a server runs as, and where it writes nothing."""
    person = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
    who = {"user": person.pw_uid, "group": person.pw_gid, "extra_groups": []} if person else {}
    return {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/", **who}


@cache
def _cluster() -> Path:
    """Make the data of a new server, which each begins with a copy of."""
    above = Path(tempfile.mkdtemp(prefix="penstock-postgres-", dir=MEMORY))
    atexit.register(shutil.rmtree, above)
    above.chmod(0o755)
    folder, quiet = above / "server", _quiet()
    folder.mkdir(mode=0o700)
    if "user" in quiet:
        os.chown(folder, quiet["user"], quiet["group"])
    how = ["-U", ROLE, "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C"]
    subprocess.run([program("initdb"), "-D", str(folder / DATA), *how], check=True, **quiet)
    return folder


def _wait(environment, server) -> None:
    import psycopg

    last = time.monotonic() + WITHIN_SECONDS
    while True:
        try:
            psycopg.connect(host=environment["PGHOST"], user=environment["PGUSER"], dbname="postgres").close()
        except psycopg.OperationalError:
            assert server.poll() is None
            assert time.monotonic() < last
            time.sleep(0.05)
        else:
            return


@contextmanager
def durable(absent):
    """Yield the address of a new server's database that keeps what a store asks for."""
    if program("postgres") is None or program("initdb") is None:
        absent("no PostgreSQL server is installed (Debian: postgresql)")
    with tempfile.TemporaryDirectory(dir=MEMORY) as name:
        Path(name).chmod(0o755)  # the server runs as another user
        with running(Path(name) / "server", DURABLE) as reached:
            yield f"postgresql:///postgres?host={quote(reached['PGHOST'], safe='')}&user={reached['PGUSER']}"


def new_schema(base: str) -> str:
    """Make an empty schema and return the address that leads to it."""
    import psycopg

    name = f"s{uuid.uuid4().hex}"
    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
    return f"{base}&options=-csearch_path%3D{name}"
