"""The audited space as an auditor meets it: every member's pages behind its own URL, the chain behind JSON-RPC.

The pages of a bundle become files, served by nginx on each member's port; DID documents are made of the members' keys,
as a connector makes them. The chain is the bundle's record of events, encoded by the programs' ABI and answered by
`bench.audited.rpc`, a process of its own. Ports are those of the space: 7001 and following must be free.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from typing import TYPE_CHECKING

from bench import nginx
from bench.audited.space import FIRST_PORT
from bench.certificate import HOST
from connector.demo.processes import free_ports
from connector.identity import did as dids
from connector.identity import keys
from contracts.canonical import canonical
from ledger.audit.archive import ATTESTATION, SPACE
from ledger.log import aggregate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FLAVOUR = "debian"
PAGES, LAID_OUT = "pages", ".whole"
ATTESTED = "space/attestation"
PAGE = "page/http://localhost:"
START_SECONDS = 120.0
DOCUMENT = ".well-known/did.json"
# what one server answers: files, but `/space` has another path below it, so that its file bears another name
SERVER = """server {{ listen {host}:{port}; keepalive_requests 100000; root {root};
    location = /space {{ alias {root}/space.json; }} }}"""


def laid_out(folder: Path, bundle: Path) -> Path:
    """Return the folder of the pages, port by port, written out of a bundle unless they are there."""
    pages = folder / PAGES
    if (pages / LAID_OUT).exists():
        return pages
    shutil.rmtree(pages, ignore_errors=True)
    with zipfile.ZipFile(bundle) as kept:
        for name in kept.namelist():
            if name.startswith(PAGE):
                _put(pages / name.removeprefix(PAGE), kept.read(name))
        _put(pages / str(FIRST_PORT) / "space.json", kept.read(SPACE))
        _put(pages / str(FIRST_PORT) / ATTESTED, kept.read(ATTESTATION))
    for member in _members(folder):
        port = int(member.name.rpartition("-")[2])
        _put(pages / str(port) / DOCUMENT, _identity(member, port))
    (pages / LAID_OUT).touch()
    return pages


@contextlib.contextmanager
def serving(folder: Path, bundle: Path) -> Iterator[tuple[str, str, nginx.Server]]:
    """Serve a bundle; yields the exchange's URL, the chain's, and nginx."""
    pages = laid_out(folder, bundle)
    servers = [SERVER.format(host=HOST, port=one.name, root=one) for one in sorted(pages.iterdir()) if one.is_dir()]
    url = f"http://localhost:{FIRST_PORT}"
    with _chain(bundle) as rpc, nginx.started(FLAVOUR, folder / "nginx", servers, url, FIRST_PORT) as server:
        yield url, rpc, server


@contextlib.contextmanager
def _chain(bundle: Path) -> Iterator[str]:
    (port,) = free_ports(1)
    process = subprocess.Popen([sys.executable, "-m", "bench.audited.rpc", str(bundle), str(port)])
    try:
        _await(f"http://{HOST}:{port}", process)
        yield f"http://{HOST}:{port}"
    finally:
        process.terminate()
        process.wait()


def _await(url: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until the chain has read its record and answers."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, "the chain ended at once"
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=1):
            return
        time.sleep(0.2)
    raise TimeoutError("the chain did not answer")


def _members(folder: Path) -> Iterator[Path]:
    return (one for one in folder.iterdir() if (one / "keys").is_dir())


def _identity(member: Path, port: int) -> bytes:
    held, url = keys.load(member / "keys"), f"http://localhost:{port}"
    scalar = aggregate.secret(held.aggregate)
    proven = aggregate.public(scalar), aggregate.prove(scalar)
    return canonical(dids.build(f"did:web:localhost%3A{port}", url, held, proven, exchange=port == FIRST_PORT))


def _put(path: Path, body: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
