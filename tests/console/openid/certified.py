"""npm's `oidc-provider` (OpenID certified, its makers say) as a process; kept in `.chains/` between runs."""

from __future__ import annotations

import asyncio
import fcntl
import json
import shutil
import subprocess
from contextlib import asynccontextmanager
from pathlib import Path

from tests import nursery

HERE = Path(__file__).parent
PACKAGE = "oidc-provider@9.13.3"
KEPT = HERE.parents[2] / ".chains" / PACKAGE.replace("@", "-")
CLIENT, SECRET = "penstock", "a secret of this client: known to both & long enough"
START_SECONDS = 20


def require(absent):
    """Say it where the provider cannot run: `absent` is the fixture for that."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        absent("an OpenID provider needs Node and npm")


def installed():
    """Return the folder that has the package; several workers want it at once."""
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (KEPT / "node_modules").exists():
            command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(KEPT), PACKAGE]
            subprocess.run(command, check=True, capture_output=True)
    return KEPT


class Certified:
    """The provider at `issuer`; `people` are those who may sign in, changed by `tell`."""

    def __init__(self, folder, port):
        self.issuer, self._file = f"http://localhost:{port}", folder / "people.json"
        self.people = {}

    def tell(self, **people):
        """Say who there is: `tell(SUBJECT={"name": …, "groups": […], "amr": […]})`."""
        self.people |= people
        self._file.write_text(json.dumps(self.people))


@asynccontextmanager
async def certified(folder, port, returns_to):
    """Run the provider for one client, which it sends back to `returns_to`."""
    made = Certified(folder, port)
    made.tell()
    package = await asyncio.to_thread(installed)
    shutil.copy(HERE / "provider.mjs", package)  # packages are found beside a program
    words = (str(port), CLIENT, SECRET, returns_to, str(folder / "people.json"))
    pipes = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.DEVNULL}
    process = await nursery.EXEC("node", str(package / "provider.mjs"), *words, **pipes)
    try:
        async with asyncio.timeout(START_SECONDS):
            while await process.stdout.readline() != b"ready\n":
                assert process.returncode is None
        yield made
    finally:
        process.terminate()
        await process.wait()
