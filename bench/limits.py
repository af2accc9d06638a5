"""Why a row that missed its target did: the limit that was measured, and the prototype or profile that shows it.

File of bench/results/ → what the row is called → why. A row that is missed and has no words here fails
`tests/bench/test_limits.py`; one that is met keeps its words for the machine on which it is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_OWED: Final = (
    "`bench/owed.py`, which does what a connector owes (signatures, twelve events in the log, a signed and proven head "
    "for each commit, two decisions) and nothing else, misses it, too: 3.1 times at p50, 0.27 at 64 at once"
)
_IMPORTED: Final = (
    "the row *its packages alone* is what web3, aiohttp and cryptography take before a line of ours; our own modules "
    "are as much again, of which some 10 MiB are of roles that a participant may lack"
)
_FLOOR: Final = (
    "`bench/floor.py` has no request, proof, key or policy in it, verifies and decrypts as we must, and misses it, too"
)
_WINDOWS: Final = (
    "`bench/metering.py` pulls with nothing left to buy: what a window adds is acts, requests and commits of both "
    "sides, no part of which stands out; at the windows that memory allows it would have to take 1 ms"
)
_TURNS: Final = (
    "the floor meets it; beyond it, of 2.0 s/GiB in a profile, are 0.2 for windows and 0.7 for requests that are "
    "counted durably, rows and derivations, and threads that wait for each other's turn at the interpreter"
)
_WRITE_BACK: Final = (
    "both write the same bytes; what the kernel's write-back gives `curl -o` and its like differs fourfold from "
    "machine to machine, and the row beside the floor does not"
)
_TLS: Final = "of the CPU that this target leaves, the floor and the encryption of nginx and curl take four fifths"
_EVENTS: Final = (
    "a profile has no large part: fields and their digests, SQLite, box and leaf, the act itself; "
    "*salted, boxed and hashed alone* is the same without SQLite and acts"
)
_LISTS: Final = (
    "a question costs what its lists are long, and nine tenths of it are counting (decision 0332); the machine had a "
    "slow hour, in which building the same index took 1.7 times as long as two days before"
)
_ALIKE: Final = (
    "all products have both words, so a million are counted; and the figure is of before products that are narrowed "
    "together lay together (decision 0332)"
)
_MARKED: Final = (
    "marks of rows, by which a later answer is held against this one, and reading every page, which says nothing of "
    "what was asked; without both it is still some 1.7 times"
)
_BLINDED: Final = "three quarters are blinding the subjects, each hashed to two points and multiplied once"
_STATES: Final = (
    "ours look an offer up at its provider, sign on both sides and keep every state on disk; EDC asks memory"
)
_SHARED: Final = "each process forgets what it knew of tables when another has written them"
_BUSY: Final = (
    "the servers of the whole space shared two processors, and the machine did other work: by itself a connector is "
    "ready in 1.3 s (`make bench-start`)"
)
_READ: Final = (
    "by itself, a million takes 75 s and 132 s of processors (`make bench-audit`), more than two have in 60 s: opening "
    "what is sealed is 40 % of it, deciding again 20 %, and nothing else stands out"
)

LIMITS: Final[Mapping[str, Mapping[str, str]]] = {
    "protocol": {
        "negotiation: one after the other, p50 ÷ bare prototype": _OWED,
        "negotiation: 64 at once ÷ bare prototype": _OWED,
        "negotiation: peak memory of the buyer ÷ bare prototype": _IMPORTED,
        "negotiation: queued licences on chain": "provider, exchange and buyer take 2.4 ms of two processors for each",
        "catalogue: connector with 100,000 offers, idle": _IMPORTED,
        "catalogue: connector with 100,000 offers, after the requests": _IMPORTED,
        "catalogue: connector with 100,000 offers, ready": _IMPORTED,
        "start: connector, ready": _IMPORTED,
        "start: connector, idle": _IMPORTED,
        "start: command: find, CPU over that of importing asyncio": "typer is a third of it, HTTP and URLs another",
    },
    "log": {
        "events appended durably, one event an act": _EVENTS,
        "events appended durably, 10 events an act": _EVENTS,
        "inclusion proof among 10,000,000 entries, p99": "not taken apart: a hop to a reading thread and back is in it",
    },
    "transfer": {
        "disk: opened to disk: CPU of the server": _WINDOWS,
        "disk: opened to disk: CPU of both sides": _FLOOR,
        "disk: opened to disk ÷ nginx (debian) + curl -o": _WRITE_BACK,
        "disk: opened to disk ÷ curl -o + openssl dgst -sha256": _WRITE_BACK,
        "disk: opened to disk ÷ curl -o + b3sum": _WRITE_BACK,
        "disk: opened to disk ÷ curl -o + sha256sum": _WRITE_BACK,
        "disk: opened to disk ÷ floor, to disk": _WINDOWS,
        "disk: opened to disk: CPU of both sides ÷ floor, to disk": _WINDOWS,
        "null: opened to null: CPU of both sides": _FLOOR,
        "null: opened to null ÷ nginx (debian) + curl to null": _TURNS,
        "null: opened to null ÷ nginx (tuned) + curl to null": _FLOOR,
        "null: opened to null ÷ floor, to null": _TURNS,
        "null: opened to null: CPU of both sides ÷ floor, to null": _TURNS,
        "tls: opened to disk ÷ nginx (debian) + curl -o": _TLS,
        "tls: opened to null ÷ nginx (debian) + curl to null": _TLS,
        "others: opened to disk ÷ rclone + b3sum": _WRITE_BACK,
        "others: opened to disk ÷ libtorrent v2": _WRITE_BACK,
        "others: opened to disk ÷ aria2c with sha-256": _WRITE_BACK,
        "metering: vouchers, keys and policy: CPU": _WINDOWS,
        "channels: 16 channels, opened to disk ÷ nginx (debian) + 16 curl -o": (
            "the floor of sixteen, and sixteen beginnings and ends of some 50 ms: row table proven, channel found on "
            "chain by both, index, last acknowledgement"
        ),
        "sealing: sealing ÷ cat FILE > COPY": "cat writes to memory alone: dd, which syncs, misses it, too",
    },
    "catalog": {
        "words and two facets, English, p99": _LISTS,
        "words and two facets, Chinese, p99": _LISTS,
        "ten million products: English, p99": _LISTS,
        "ten million products: Chinese, p99": _LISTS,
    },
    "policy": {
        "decide, p50": "the machine had a slow hour, cedarpy took 60 µs in it, and 38 before: the row beside it is met",
    },
    "federation": {
        "question while reading, p99": "a page is kept in one transaction; threads take turns of 0.5 ms meanwhile",
    },
    "compute": {
        "each row a subject, warm: sealed and gated ÷ DuckDB on the plain Parquet file": _MARKED,
        "each row a subject: what the gate adds to our own process without it": _MARKED,
    },
    "coverage": {
        "CPU seconds: ours ÷ openmined-psi": _BLINDED,
        "1,000,000 subjects and 100,000 keys: CPU seconds: ours ÷ openmined-psi": _BLINDED,
    },
    "masking": {
        "publishing with `hash` of one column: as it is ÷ masked": "a keyed digest of each cell, and the file anew",
    },
    "growth": {
        "start of the provider by open channels: exponent": "a start reads what is open, to know what must be claimed",
        "start of the provider, 1,000 open channels": (
            "the machine had a slow hour: with ten of them it took 2.1 s, and 1.3 s two days before"
        ),
        "a question that all answer by exchanges federated: exponent": "not taken apart: what all have is merged",
    },
    "nation": {
        "start of the exchange": "all members are read once, to make their map",
        "start of a member": _BUSY,
        "a question": _ALIKE,
        "audit, a million events": _READ,
    },
    "peers": {
        "negotiation, p50: ours ÷ EDC tuned, times faster": _STATES,
        "negotiations at once, a second: ours ÷ EDC tuned, times faster": _STATES,
        "start: ours ÷ EDC default": _IMPORTED,
        "memory idle: ours ÷ EDC default": _IMPORTED,
    },
    "workers": {
        "2 processes: CPU ÷ that of one": _SHARED,
        "4 processes: CPU ÷ that of one": _SHARED,
    },
}
