"""The peers: other programs that fetch the same file, each a row of the commands that it takes.

Law: a peer is measured from the start of its first command to the end of its last, its verification included where it
has one; a command that fails ends the run. What it is told is printed (`Peer.words`) beside its figures.
"""

from __future__ import annotations

import contextlib
import hashlib
import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from blake3 import blake3

from bench import nginx, packages, report
from bench.taken import MIB, Taken, level

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from bench.certificate import Certificate

    Command = Sequence[str]

TORRENT = Path(__file__).parent / "torrent.py"
FLOOR = (sys.executable, "-m", "bench.floor")
CURL = ("curl", "-s", "-S", "-f", "-o")


@dataclass(frozen=True, slots=True)
class Fetch:
    """What is fetched: from where, to where, and what it must turn out to be."""

    url: str
    target: Path
    sums: Path  # files that `sha256sum --check` and `b3sum --check` take, with these names as suffix
    sha256: str
    size: int
    trust: tuple[str, ...] = ()  # what makes curl believe the server

    @property
    def base(self) -> str:
        """The server."""
        return self.url.rpartition("/")[0]


@dataclass(frozen=True, slots=True)
class Peer:
    """One peer: what it needs, the server that it asks (an nginx, or one of `SERVERS`), its commands."""

    programs: tuple[str, ...]
    commands: Callable[[Fetch], Sequence[Command]]
    flavour: str = "debian"

    def words(self, name: str) -> str:
        """Return what it is told, for a person."""
        shown = self.commands(Fetch("http://SERVER:80/FILE", Path("FILE"), Path("SUMS"), "SHA256", 0))
        return f"{name}: " + "; ".join(" ".join(command) for command in shown)


def _curl(fetch: Fetch, target: str = "") -> Command:
    return [*CURL, target or str(fetch.target), *fetch.trust, fetch.url]


def _openssl(fetch: Fetch) -> Command:
    return ["openssl", "dgst", "-sha256", "-out", "/dev/null", str(fetch.target)]


def _check(program: str, fetch: Fetch) -> Command:
    return [program, "--check", f"{fetch.sums}.{program}"]


def _aria2(fetch: Fetch) -> Command:
    place = ["-d", str(fetch.target.parent), "-o", fetch.target.name]
    many = ["-x4", "-s4", "-k1M", "--file-allocation=none"]
    return ["aria2c", "-q", *many, f"--checksum=sha-256={fetch.sha256}", *place, fetch.url]


def _rclone(fetch: Fetch) -> Command:
    source = f":http:{fetch.url.rpartition('/')[2]}"
    told = ["--config", "/dev/null", "--multi-thread-streams", "4", "--http-url", fetch.base]
    return ["rclone", "copyto", "-q", *told, source, str(fetch.target)]


# what is compared, in the words of its row
PEERS: Mapping[str, Peer] = {
    "nginx (debian) + curl -o": Peer(("nginx", "curl"), lambda f: [_curl(f)]),
    "nginx (tuned) + curl -o": Peer(("nginx", "curl"), lambda f: [_curl(f)], "tuned"),
    "curl -o + openssl dgst -sha256": Peer(("nginx", "curl", "openssl"), lambda f: [_curl(f), _openssl(f)]),
    "curl -o + b3sum": Peer(("nginx", "curl", "b3sum"), lambda f: [_curl(f), _check("b3sum", f)]),
    "curl -o + sha256sum": Peer(("nginx", "curl", "sha256sum"), lambda f: [_curl(f), _check("sha256sum", f)]),
    "nginx (debian) + curl to null": Peer(("nginx", "curl"), lambda f: [_curl(f, "/dev/null")]),
    "nginx (tuned) + curl to null": Peer(("nginx", "curl"), lambda f: [_curl(f, "/dev/null")], "tuned"),
    "aria2c with sha-256": Peer(("nginx", "aria2c"), lambda f: [_aria2(f)]),
    "rclone + b3sum": Peer(("nginx", "rclone", "b3sum"), lambda f: [_rclone(f), _check("b3sum", f)]),
    "libtorrent v2": Peer(("libtorrent",), lambda f: [_take(f)], "libtorrent"),
    "floor, to disk": Peer((), lambda f: [_bare(f, str(f.target))], "floor"),
    "floor, to null": Peer((), lambda f: [_bare(f, "null")], "floor"),
}
# servers that are none of nginx's: what starts each; it prints its port
SERVERS: Mapping[str, Callable[[Path, Path], Command]] = {
    "libtorrent": lambda source, sums: [packages.PYTHON, str(TORRENT), "seed", str(source), f"{sums}.torrent"],
    "floor": lambda source, _sums: [*FLOOR, "serve", str(source)],
}


def _bare(fetch: Fetch, target: str) -> Command:
    return [*FLOOR, "take", str(urlsplit(fetch.url).port), str(fetch.size), target]


def _take(fetch: Fetch) -> Command:
    port = str(urlsplit(fetch.url).port)
    return [packages.PYTHON, str(TORRENT), "take", f"{fetch.sums}.torrent", str(fetch.target.parent), port]


@contextlib.contextmanager
def ready(
    names: Sequence[str], source: Path, folder: Path, certificate: Certificate | None = None
) -> Iterator[dict[str, Callable[[], Taken]]]:
    """Start the servers that the named peers need; yield those whose programs are here, each a fetch of `source`."""
    folder.mkdir(parents=True, exist_ok=True)
    sums, target = folder / "sums", folder / source.name
    sha256 = _sums(source, target, sums) if names else ""
    trust = () if certificate is None else ("--cacert", str(certificate.path))
    here = [name for name in names if not packages.absent(PEERS[name].programs)]
    works: dict[str, Callable[[], Taken]] = {}
    with contextlib.ExitStack() as stack:
        for flavour in dict.fromkeys(PEERS[name].flavour for name in here):
            if flavour in SERVERS:
                server = stack.enter_context(started(SERVERS[flavour](source, sums)))
            else:
                server = stack.enter_context(nginx.serving(flavour, folder / flavour, source.parent, certificate))
            fetch = Fetch(f"{server.url}/{source.name}", target, sums, sha256, source.stat().st_size, trust)
            works |= {
                name: partial(_once, PEERS[name], server, fetch, source)
                for name in here
                if PEERS[name].flavour == flavour
            }
        yield works


@contextlib.contextmanager
def started(command: Command) -> Iterator[nginx.Server]:
    """Start a server that prints its port."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield nginx.Server(f"http://127.0.0.1:{int(process.stdout.readline())}", process)
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def _sums(source: Path, target: Path, sums: Path) -> str:
    """Write what b3sum and sha256sum are to check; return the SHA-256."""
    sha256, b3 = hashlib.sha256(), blake3()
    with source.open("rb") as file:
        while some := file.read(MIB):
            sha256.update(some)
            b3.update(some)
    for program, digest in (("sha256sum", sha256.hexdigest()), ("b3sum", b3.hexdigest())):
        Path(f"{sums}.{program}").write_text(f"{digest}  {target}\n")
    return sha256.hexdigest()


def _once(peer: Peer, server: nginx.Server, fetch: Fetch, source: Path) -> Taken:
    """Fetch the file once and remove it."""
    level([source])
    server.forget_peak()
    before = server.cpu_seconds()
    costs = [report.run(command, subprocess.DEVNULL) for command in peer.commands(fetch)]
    spent = server.cpu_seconds() - before
    assert not any(cost.returncode for cost in costs), f"{peer.programs} failed"
    if fetch.target.exists():
        assert fetch.target.stat().st_size == source.stat().st_size
        fetch.target.unlink()
    seconds, cpu = sum(cost.seconds for cost in costs), sum(cost.cpu_seconds for cost in costs)
    peak = max(cost.peak_bytes for cost in costs)
    return Taken(source.stat().st_size, seconds, spent, cpu, server.peak_bytes(), peak)
