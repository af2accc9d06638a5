"""What a soak stands on: the defaults of every participant, or servers that the settings name; and disks that can fill.

`NotHereError` says what is not to be had on this machine.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
import urllib.request
from contextlib import closing, contextmanager
from pathlib import Path

from connector.demo.processes import SERVE, Participant
from connector.runtime.data_folder import CHAIN_DATABASE, DATABASE
from tests import postgres
from tests.fault.apart import mount
from tests.onchain import nodes
from tests.soak.measures import stored_bytes
from tests.soak.several import Several as Processes
from tests.soak.space import EXCHANGE, SPARED
from tests.standby import Standby

GROUNDS = DEFAULTS, SERVERS, SEVERAL = "defaults", "servers", "several"
# of a program that serves
ROOMS = ("connector", "contracts", "ledger", "policy", "catalog", "pyproject.toml")
INSIDE = "SOAK_APART"
ROOM_MIB = 192
DAY_SECONDS = 86_400
SMALL = ("buyer", "provider")
BUCKET = "sealed"
S3_KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"}
STORED = (
    "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0) FROM pg_class c "
    "WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace"
)


class Defaults:
    """SQLite, files, and the chain that the exchange hosts."""

    # where an audit finds the chain; empty: at the exchange
    rpc = ""
    # what everybody's tables are on, where it can be struck itself
    database = None

    def process(self, _name, _role, data, _port):
        """Return what serves a participant."""
        return Participant(data)

    def environment(self, _name, _role):
        return {}

    def endow(self, _account):
        """Nothing is charged on the chain of an exchange."""

    def stored(self, name, data):
        """Return the bytes of a participant's tables, and of the chain it keeps."""
        return [stored_bytes(data / each) for each in (DATABASE, CHAIN_DATABASE)]


class Servers(Defaults):
    """PostgreSQL for everybody's tables, an S3 server for what providers sealed, anvil for the chain."""

    def __init__(self, database, bucket, node):
        self._base, self._bucket, self._node = database, bucket, node
        self._places, self.rpc = {}, node.url

    def environment(self, name, role):
        self._places[name] = self._new_schema(name)
        told = {"PENSTOCK_CHAIN_RPC": self._node.url, "PENSTOCK_STORE_DATABASE": self._places[name]}
        if role == "provider":
            told |= {**S3_KEYS, "AWS_ENDPOINT_URL": self._bucket, "AWS_ALLOW_HTTP": "true"}
            told["PENSTOCK_VAULT_BLOBS"] = f"s3://{BUCKET}/{name}"
        return told

    def _new_schema(self, _name):
        return postgres.new_schema(self._base)

    def endow(self, account):
        self._node.endow(account)

    def stored(self, name, data):
        import psycopg

        try:
            asked = psycopg.connect(self._places[name], autocommit=True)
        except psycopg.OperationalError as fault:  # it is struck just now
            raise ConnectionError(str(fault)) from fault
        with closing(asked) as connection:
            return [int(connection.execute(STORED).fetchone()[0]), 0]


class Several(Servers):
    """As servers, and two processes for everybody who is struck, on a database that is killed and failed over, too."""

    def __init__(self, database, bucket, node, struck):
        super().__init__(database, bucket, node)
        self.database = struck

    def process(self, name, role, data, port):
        return (
            super().process(name, role, data, port)
            if name in SPARED
            else Processes(data, port, copied=role == EXCHANGE)
        )

    def _new_schema(self, name):
        return postgres.new_schema(self._base if name in SPARED else self.database.url)


@contextmanager
def ground(kind, folder):
    """Yield what a soak of this kind stands on; raises NotHereError."""
    if kind == DEFAULTS:
        yield Defaults()
        return

    def absent(reason):
        raise nodes.NotHereError(reason)

    try:
        from moto.server import ThreadedMotoServer
    except ImportError as lacks:
        raise nodes.NotHereError(f"no S3 server: {lacks}") from lacks
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    bucket = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    with postgres.durable(absent) as database, nodes.running("anvil", folder) as node:
        bucket.start()
        try:
            place = "http://{}:{}".format(*bucket.get_host_and_port())
            urllib.request.urlopen(urllib.request.Request(f"{place}/{BUCKET}", method="PUT")).close()
            if kind == SERVERS:
                yield Servers(database, place, node)
                return
            with tempfile.TemporaryDirectory() as open_folder:
                Path(open_folder).chmod(0o755)  # the servers run as another user
                struck = Standby(Path(open_folder))
                try:
                    struck.start()
                    yield Several(database, place, node, struck)
                finally:
                    struck.stop()
        finally:
            bucket.stop()


def apart():
    """Become a process that may mount, in a namespace of its own; return whether it is one. Root keeps its users."""
    if os.environ.get(INSIDE):
        return True
    way = ("unshare", "--mount", *(() if os.geteuid() == 0 else ("--map-root-user",)))
    try:
        if subprocess.run([*way, "true"], check=False, capture_output=True).returncode:
            return False
    except FileNotFoundError:
        return False
    os.execvpe("unshare", [*way, sys.executable, "-m", "tests.soak", *sys.argv[1:]], {**os.environ, INSIDE: "1"})
    raise AssertionError


@contextmanager
def small_disks(folder, names):
    """Give these participants a small disk each; their folders are new."""
    for name in names:
        mount(folder / name, ROOM_MIB)
    try:
        yield
    finally:
        for name in names:
            subprocess.run(("umount", "--lazy", str(folder / name)), check=False)


def _told(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


def older(folder, revision):
    """Lay an older program into a folder, out of this checkout's history; return the command that serves with it.

    Without a `revision` it is that of a day before this one. Raises NotHereError without git.
    """
    try:
        before = int(_told("git", "log", "-1", "--format=%ct")) - DAY_SECONDS
        wanted = revision or _told("git", "rev-list", "-1", f"--before={before}", "HEAD")
        packed = subprocess.run(("git", "archive", wanted, *ROOMS), check=True, capture_output=True).stdout
    except (OSError, subprocess.CalledProcessError) as fault:
        raise nodes.NotHereError(f"no older program: {fault}") from fault
    folder.mkdir()
    subprocess.run(("tar", "-x", "-C", str(folder)), check=True, input=packed)
    places = os.pathsep.join((str(folder), str(folder / "connector/client/src")))
    return ("env", "-C", str(folder), f"PYTHONPATH={places}", *SERVE)
