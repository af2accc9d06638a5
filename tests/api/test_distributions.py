"""Both wheels, each in an environment that has nothing else of ours, against real servers; then both in one, in turn.

With PENSTOCK_CI=1 pip fetches what a wheel asks for; elsewhere an environment borrows the libraries that are here.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from importlib.util import find_spec

import pytest
import pytest_asyncio

from tests.api.command import ROOT
from tests.api.space import PURPOSE
from tests.conftest import IN_CI

pytestmark = pytest.mark.asyncio(loop_scope="session")

CLIENT, PROGRAM = "penstock_client", "penstock"
SOURCES = {CLIENT: ROOT / "connector/client", PROGRAM: ROOT}
ROWS = 300
# what a purchase by the client must not load
HEAVY = ("web3", "eth", "tantivy", "py_ecc", "sqlite3", "jinja2", "uvloop", "coincurve", "blake3", "typer")
# what somebody writes who has read the page
STORY = """
import json, sys
import penstock

data, id, purpose = sys.argv[1:]
with penstock.connect(data) as buyer:
    [product] = [one for one in buyer.find("fog") if one.id == "fog"]
    quote = buyer.quote(product.id)
    got = buyer.get(product.id, max_price=quote.asked, max_total=quote.amount, purpose=purpose, id=id)
    table = buyer.open(got, purpose=purpose)
    try:
        buyer.open(got, purpose="Marketing")
    except penstock.NotPermitted as refusal:
        refused = type(refusal).__name__
    try:
        buyer.get(product.id, max_price=quote.asked, max_total=1, purpose=purpose)
    except penstock.PaymentRefused as refusal:
        dear = type(refusal).__name__
files = penstock.PenstockFileSystem(data, purpose=purpose)
with files.open(f"penstock://{got.id}/fog.csv") as file:
    head = file.readline().decode()
import fsspec
print(json.dumps({
    "columns": table.columns, "rows": len(table.to_pandas()), "refused": [refused, dear], "head": head,
    "known": "penstock" in fsspec.available_protocols(), "of": penstock.Client.__module__,
    "loaded": sorted(sys.modules),
}))
"""


def built(folder):
    """Build both wheels; returns name → wheel."""
    for source in SOURCES.values():
        command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
        subprocess.run(command, cwd=source, check=True, capture_output=True)
    wheels = {path.name.partition("-")[0]: path for path in folder.glob("*.whl")}
    assert wheels.keys() == SOURCES.keys()
    return wheels


class Environment:
    """A fresh environment."""

    def __init__(self, folder):
        self.python = folder / "bin/python"
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, capture_output=True)
        if not IN_CI:
            paths = {sysconfig.get_path("purelib"), *(path for path in sys.path if path.endswith("site-packages"))}
            (place,) = folder.glob("lib/python*/site-packages")
            # behind its own: paths alone, so that no installation of ours comes along
            (place / "borrowed.pth").write_text("\n".join(sorted(paths)))

    def run(self, *words):
        """Run Python away from the sources; returns what it printed."""
        clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        done = subprocess.run(
            [self.python, *map(str, words)], check=False, capture_output=True, text=True, cwd="/", env=clean
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def install(self, wheel, *, again=False):
        """Install a wheel, by itself where the libraries are borrowed, or there since it was installed before."""
        alone = again or not IN_CI
        how = ["--no-deps", "--force-reinstall", wheel] if alone else [f"{wheel}[files,tables]", "pandas"]
        self.run("-m", "pip", "install", "--quiet", "--disable-pip-version-check", *how)

    def story(self, data, key):
        """Buy as the program does; returns what it told."""
        return json.loads(self.run("-c", STORY, data, key, PURPOSE))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def fog(space, tmp_path_factory):
    path = tmp_path_factory.mktemp("fog") / "fog.csv"
    path.write_text("day,metres\n" + "".join(f"{day},{day % 40}\n" for day in range(ROWS)))
    await space.publish_files("provider", "fog", [path], price=1000, title="Fog by day")


@pytest.fixture(scope="module")
def wheels(tmp_path_factory, absent):
    if not IN_CI and find_spec("fsspec") is None:
        absent("fsspec is not installed: `make install`")
    return built(tmp_path_factory.mktemp("wheels"))


def right(told, of):
    assert (told["columns"], told["rows"], told["head"]) == (["day", "metres"], ROWS, "day,metres\n")
    assert told["refused"] == ["NotPermitted", "PaymentRefused"]
    assert (told["known"], told["of"]) == (True, of)
    assert not set(HEAVY) & set(told["loaded"])


async def test_the_client_s_wheel_is_enough_to_buy_and_open(space, wheels, fog, tmp_path):
    names = zipfile.ZipFile(wheels[CLIENT]).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"penstock"}
    assert {"penstock/__init__.py", "penstock/py.typed"} <= set(names)
    alone = Environment(tmp_path / "alone")
    await asyncio.to_thread(alone.install, wheels[CLIENT])
    told = await asyncio.to_thread(alone.story, space.people["buyer"].data, "fog-client")
    right(told, "penstock.rooms.connector.client.client")
    assert not {"connector", "contracts", "catalog"} & set(told["loaded"])


async def test_the_program_s_wheel_offers_the_same_and_both_live_in_one_environment(space, wheels, fog, tmp_path):
    both, data = Environment(tmp_path / "both"), space.people["buyer"].data
    await asyncio.to_thread(both.install, wheels[PROGRAM])
    right(await asyncio.to_thread(both.story, data, "fog-program"), "connector.client.client")
    shown = await asyncio.to_thread(both.run, "-m", "connector.cli.entry", "--help")
    assert "publish" in shown
    await asyncio.to_thread(both.install, wheels[CLIENT], again=True)
    right(await asyncio.to_thread(both.story, data, "fog-both"), "penstock.rooms.connector.client.client")
    await asyncio.to_thread(both.install, wheels[PROGRAM], again=True)
    right(await asyncio.to_thread(both.story, data, "fog-turned"), "connector.client.client")
