"""A real PostgreSQL server of the tests' own, on a socket in a folder; its program refuses to run as root."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
import uuid
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

WITHIN_SECONDS = 30
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
    person = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
    who = {"user": person.pw_uid, "group": person.pw_gid, "extra_groups": []} if person else {}
    folder.mkdir(mode=0o700)
    if person:
        os.chown(folder, person.pw_uid, person.pw_gid)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/", **who}
    data, role = str(folder / "data"), "keeper"
    command = [program("initdb"), "-D", data, "-U", role, "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C"]
    subprocess.run(command, check=True, **quiet)
    places = [program("postgres"), "-D", data, "-k", str(folder)]
    server = subprocess.Popen([*places, *SETTINGS.split(), *settings.split()], **quiet)
    environment = {"PGHOST": str(folder), "PGUSER": role, "PGDATABASE": "postgres"}
    try:
        _wait(environment, server)
        yield environment
    finally:
        server.terminate()
        server.wait(WITHIN_SECONDS)


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
    with tempfile.TemporaryDirectory() as name:
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
