"""Keep a space as a program leaves it that is killed while it trades: `python -m tests.upgrades.make TREE NAME`.

TREE is a work tree of a version of Penstock. Its own program makes the four participants; a buyer has bought `first`,
and everybody is killed while `second` is under way. Whoever lands a new version of what the tables keep adds one.
"""

from __future__ import annotations

import json
import os
import random
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import time
from contextlib import closing, suppress
from pathlib import Path

from connector.runtime.clock import Clock
from connector.runtime.data_folder import DATABASE
from tests.upgrades.ground import ABOUT, KEPT, PORTS, ROWS, SURVEY, SURVEY_BYTES, TIDES

PENSTOCK = (sys.executable, "-m", "connector.cli.main")
DID = "did:web:localhost%3A{}"
TERMS = ("--price", "500", "--purpose", "Research", "--until", "2027-12-31T23:59:59Z")
WITHIN_SECONDS, LOOK_SECONDS = 90, 0.01
UNDER_WAY = frozenset({"licensed", "funding", "funded", "transferring", "receiving"})


class Then:
    """The commands of another program, in a folder."""

    def __init__(self, tree, folder):
        self._folder, self._environment, self._served = folder, {**os.environ, "PYTHONPATH": str(tree)}, []

    def type(self, *words):
        """Return what a command says; raises CalledProcessError."""
        told = {"cwd": self._folder, "env": self._environment, "text": True, "capture_output": True}
        return subprocess.run([*PENSTOCK, *words], check=True, **told).stdout

    def begin(self, *words):
        with (self._folder / "said.log").open("ab") as said:
            told = {"cwd": self._folder, "env": self._environment, "stdout": said, "stderr": said}
            self._served.append(subprocess.Popen([*PENSTOCK, *words], **told))

    def serve(self, name):
        self.begin("serve", "--data", name)
        until((self._folder / name / "server.json").exists)

    def kill(self):
        for each in self._served:
            each.kill()
            each.wait()


def until(is_so):
    last = time.monotonic() + WITHIN_SECONDS
    while not is_so():
        assert time.monotonic() < last
        time.sleep(LOOK_SECONDS)


def found(then):
    """Make the participants and have them admitted."""
    space = f"http://localhost:{PORTS['exchange']}"
    for role, port in PORTS.items():
        about = ["--role", role, "--name", role.title(), "--region", "US-NY", "--port", str(port), "--development"]
        about += [] if role == "exchange" else ["--exchange", space]
        then.type("init", *about, "--data", role)
        then.serve(role)
        if role != "exchange":
            then.type("join", "--data", role)
            then.type("exchange", "admit", DID.format(port), "--data", "exchange")
    then.type("exchange", "credit", DID.format(PORTS["buyer"]), "1000.00", "--data", "exchange")


def list_(then, folder):
    """Publish both products and have them listed; return their ids."""
    chance = random.Random(1)
    rows = (f"{hour},{chance.choice(['BOS', 'NYC'])},{chance.randrange(4000) / 1000}\n" for hour in range(ROWS))
    (folder / TIDES).write_text("hour,station,height\n" + "".join(rows))
    (folder / SURVEY).write_bytes(chance.randbytes(SURVEY_BYTES))
    said = [
        then.type("publish", file, "--title", file, *TERMS, "--json", "--data", "provider") for file in (TIDES, SURVEY)
    ]
    products = [json.loads(each.strip().splitlines()[-1])["id"] for each in said]
    for each in products:
        until(lambda each=each: "listed" in then.type("exchange", "review", each, "--data", "exchange"))
    return products


def states(folder):
    """Return the states of the buyer's orders."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{folder}/buyer/{DATABASE}?mode=ro", uri=True)) as db:
        return {state for (state,) in db.execute("SELECT state FROM acquisitions")}
    return set()


def main(tree, name):
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        then = Then(tree, folder)
        try:
            found(then)
            products = list_(then, folder)
            bought = ("--purpose", "Research", "--max-price", "600", "--data", "buyer", "--id")
            then.type("get", products[0], *bought, "first")
            then.begin("get", products[1], *bought, "second")
            until(lambda: states(folder) & UNDER_WAY)
        finally:
            then.kill()
        commit = subprocess.check_output(["git", "rev-parse", "--short=8", "HEAD"], cwd=tree, text=True).strip()
        about = {"made": Clock().now().isoformat(), "commit": commit, "products": products}
        (folder / ABOUT).write_text(json.dumps(about))
        (folder / "said.log").unlink()
        with tarfile.open(KEPT / f"{name}.tar.xz", "w:xz") as kept:
            kept.add(folder, arcname=".")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2])
