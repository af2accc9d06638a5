"""libtorrent as a peer, a version 2 torrent between two processes on loopback.

`python3 bench/torrent.py seed FILE TORRENT` makes the torrent, serves the file and prints its port;
`python3 bench/torrent.py take TORRENT FOLDER PORT` fetches it and ends when every block was verified (SHA-256).

It runs under Debian's interpreter, which has Debian's libtorrent, and imports nothing else. TCP alone, no discovery,
no encryption, its own settings for a fast seed.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import libtorrent as lt

PIECE_BYTES = 1 << 20
POLL_SECONDS = 0.01
SETTINGS = {
    "listen_interfaces": "127.0.0.1:0",
    "alert_mask": 0,
    "allow_multiple_connections_per_ip": True,
    "connection_speed": 500,
    "enable_dht": False,
    "enable_lsd": False,
    "enable_natpmp": False,
    "enable_upnp": False,
    "enable_incoming_utp": False,
    "enable_outgoing_utp": False,
    "in_enc_policy": 2,
    "out_enc_policy": 2,
    "max_out_request_queue": 1500,
    "max_allowed_in_request_queue": 2000,
    "send_buffer_watermark": 5 << 20,
    "send_buffer_low_watermark": 1 << 20,
    "send_buffer_watermark_factor": 150,
    "suggest_mode": 0,
}


def made(source: Path) -> bytes:
    """Return a torrent of one file, version 2 alone."""
    storage = lt.file_storage()
    storage.add_file(source.name, source.stat().st_size)
    torrent = lt.create_torrent(storage, piece_size=PIECE_BYTES, flags=lt.create_torrent.v2_only)
    lt.set_piece_hashes(torrent, str(source.parent))
    return lt.bencode(torrent.generate())


def seed(source: Path, torrent: Path) -> None:
    """Serve until the process is ended."""
    torrent.write_bytes(made(source))
    session = lt.session(SETTINGS)
    told = lt.add_torrent_params()
    told.ti, told.save_path = lt.torrent_info(str(torrent)), str(source.parent)
    told.flags = lt.torrent_flags.seed_mode | lt.torrent_flags.upload_mode
    session.add_torrent(told)
    print(session.listen_port(), flush=True)
    while True:
        time.sleep(60)


def take(torrent: Path, folder: Path, port: int) -> None:
    """Fetch until everything is here and verified."""
    session = lt.session(SETTINGS)
    told = lt.add_torrent_params()
    told.ti, told.save_path = lt.torrent_info(str(torrent)), str(folder)
    told.flags = lt.torrent_flags.update_subscribe
    handle = session.add_torrent(told)
    handle.connect_peer(("127.0.0.1", port))
    while not handle.status().is_seeding:
        time.sleep(POLL_SECONDS)


if __name__ == "__main__":
    verb, *rest = sys.argv[1:]
    if verb == "seed":
        seed(Path(rest[0]), Path(rest[1]))
    else:
        take(Path(rest[0]), Path(rest[1]), int(rest[2]))
