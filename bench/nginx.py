"""nginx as a peer: serves one folder on loopback, with a configuration that is printed beside its figures.

`debian` has what Debian's nginx.conf sets (sendfile and tcp_nopush on, one worker a core); `tuned` is what was found
faster on loopback: no sendfile, large buffers. With a certificate either speaks TLS 1.3 and nothing else.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench import report
from bench.certificate import HOST
from connector.demo.processes import free_ports

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bench.certificate import Certificate

FLAVOURS = {
    "debian": ("sendfile on;", "tcp_nopush on;", "types_hash_max_size 2048;", "gzip on;"),
    "tuned": ("sendfile off;", "output_buffers 2 256k;", "gzip off;"),
}
TLS = "ssl_protocols TLSv1.3;"
START_SECONDS = 5.0


class Server:
    """A running server: its address, and what its processes cost."""

    def __init__(self, url: str, process: subprocess.Popen[bytes]) -> None:
        self.url = url
        self._process = process

    def _pids(self) -> list[int]:
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *map(int, children)]

    def cpu_seconds(self) -> float:
        """Return the CPU seconds of its processes, a master and its workers."""
        return sum(report.cpu_seconds(pid) for pid in self._pids())

    def forget_peak(self) -> None:
        """Begin their largest resident sizes anew."""
        for pid in self._pids():
            report.forget_peak(pid)

    def peak_bytes(self) -> int:
        """Return the sum of their largest resident sizes (pages they share count twice)."""
        return sum(report.memory_bytes(pid, peak=True) for pid in self._pids())


def configuration(flavour: str, folder: Path, servers: Iterable[str]) -> str:
    """Return the text of a configuration; its http section is what makes the flavour."""
    user = "user root;" if os.geteuid() == 0 else ""
    http = "\n    ".join((*FLAVOURS[flavour], *servers))
    return f"""{user}
worker_processes auto;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 768; }}
http {{
    {http}
    default_type application/octet-stream;
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
}}
"""


@contextlib.contextmanager
def serving(flavour: str, folder: Path, root: Path, certificate: Certificate | None = None) -> Iterator[Server]:
    """Serve the files of `root`; `folder` takes logs and pid."""
    (port,) = free_ports(1)
    listen, secure = f"{HOST}:{port}", ""
    if certificate is not None:
        listen += " ssl"
        secure = f"ssl_certificate {certificate.path}; ssl_certificate_key {certificate.key}; {TLS}"
    servers = (f"server {{ listen {listen}; {secure} root {root}; }}",)
    url = f"{'http' if certificate is None else 'https'}://{HOST}:{port}"
    with started(flavour, folder, servers, url, port) as server:
        yield server


@contextlib.contextmanager
def started(flavour: str, folder: Path, servers: Iterable[str], url: str, port: int) -> Iterator[Server]:
    """Run nginx with these `server` blocks until it answers on `port` of the loopback; `folder` takes logs and pid."""
    folder.mkdir(parents=True, exist_ok=True)
    conf = folder / "nginx.conf"
    conf.write_text(configuration(flavour, folder, servers))
    command = ["nginx", "-c", str(conf), "-p", str(folder), "-e", str(folder / "error.log"), "-g", "daemon off;"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _await(port, process)
        yield Server(url, process)
    finally:
        process.terminate()
        process.wait()


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, "nginx ended at once; see its error.log"
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), 1):
            return
        time.sleep(0.02)
    raise TimeoutError("nginx did not answer")
