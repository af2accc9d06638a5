"""`penstock serve` in a strange world: wrong keys for the rows that the file `lies` of its data directory names, pieces
that are not what their rows commit to for those that `frauds` names while they are sealed, receipts that are as many
seconds off as `dates` says, archives of small files that are none while there is a file `packs`, profiles in which no
cell is empty while there is a file `profiles`, evidence of its readers that is what `attests` names, and a resolver
that knows a public name with a private address. Everything else is the product."""

from __future__ import annotations

import base64
import json
import lzma
import socket
import sys
from dataclasses import replace
from pathlib import Path

from aiohttp.resolver import ThreadedResolver
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from connector.channel import release
from connector.compute.attesters import SimulatedAttester
from connector.custody import packing
from connector.custody import seal as sealing
from connector.identity import platform_key
from connector.licence.books import Books
from connector.provider import description
from connector.provider.computing import attestation
from connector.provider.computing.attestation import Attestation
from contracts import simulated_platform
from contracts.canonical import canonical
from contracts.typed_data import Receipt

LIES, FRAUDS, DATES, PACKS, PROFILES = "lies", "frauds", "dates", "packs", "profiles"
ATTESTS = "attests"
PRIVATE_NAME, PRIVATE_ADDRESS = "printer.example", "10.11.12.13"

# the lie of a product's description, and of what its platform signs
MEASURED, REPORTED = "measured", "reported"
# lie → what it makes of what is said now, of what was said before, and of the platform's key; what its buyer is told
EVIDENCES = {
    "none": (lambda _now, _before, _key: "", "there is none"),
    "no-platform": (lambda now, _before, _key: {name: now[name] for name in ("evidence", "nonce")}, "there is none"),
    "platform": (lambda now, _before, _key: now | {"platform": "tdx"}, "of the platform `tdx`"),
    "time": (lambda _now, before, _key: before, "its number is not ours"),
    "replayed": (lambda now, before, _key: now | {"evidence": before["evidence"]}, "of another answer"),
    "program": (
        lambda now, _before, key: now | {"evidence": signed(now, key, measurement="sha-256:" + "a" * 64)},
        "of another program",
    ),
    "label": (lambda now, _before, key: now | {"evidence": signed(now, key, label="TDX")}, "not labelled"),
    "key": (
        lambda now, _before, _key: now | {"evidence": signed(now, Ed25519PrivateKey.generate())},
        "another platform's key",
    ),
    "base64": (lambda now, _before, _key: now | {"evidence": "%%"}, "so it is not kept"),
    "number": (lambda now, _before, _key: now | {"evidence": 7}, "there is none"),
}


def named(path):
    return {int(word) for word in path.read_text().split()} if path.exists() else set()


def seal_frauds(data):
    honest = sealing.seal_piece

    def seal_piece(run_key, run, number, *rest, **named_):
        piece = honest(run_key, run, number, *rest, **named_)
        if number not in named(data / FRAUDS):
            return piece
        return replace(piece, row=piece.row._replace(plain_commitment=bytes(32)))

    sealing.seal_piece = seal_piece


def give_wrong_keys(data):
    honest = Books.secrets

    def secrets(self, tx, edition_id, rows):
        found = honest(self, tx, edition_id, rows)
        wrong = named(data / LIES)
        return [bytes(32) if row in wrong else secret for row, secret in zip(rows, found, strict=True)]

    Books.secrets = secrets


def date_receipts(data):
    def receipt(**fields):
        return Receipt(**{**fields, "released_at": fields["released_at"] + sum(named(data / DATES))})

    release.Receipt = receipt


def pack_badly(data):
    honest = packing.archive

    def archive(members):
        packed = honest(members)
        return (
            packed
            if not (data / PACKS).exists()
            else lzma.compress(lzma.decompress(packed).replace(b"0.txt", b"//txt"))
        )

    packing.archive = archive


def describe_better(data):
    honest = description.describe

    def describe(path, stream, *rest):
        true = honest(path, stream, *rest)
        full = replace(true, columns=tuple(replace(column, nulls=0) for column in true.columns))
        full = replace(full, quality={**true.quality, "completeness": 10_000})
        return full if (data / PROFILES).exists() else true

    description.describe = describe


def resolve_strangely():
    honest = ThreadedResolver.resolve

    async def resolve(self, host, port=0, family=socket.AF_INET):
        if host != PRIVATE_NAME:
            return await honest(self, host, port, family)
        place = {"hostname": host, "host": PRIVATE_ADDRESS, "port": port}
        return [{**place, "family": socket.AF_INET, "proto": 0, "flags": socket.AI_NUMERICHOST}]

    ThreadedResolver.resolve = resolve


def signed(said, key, **changed):
    """Return evidence that says something else, signed by a key (base64)."""
    told = {**json.loads(base64.b64decode(said["evidence"])), **changed}
    told |= {"key": key.public_key().public_bytes_raw().hex()}
    told.pop("signature")
    signature = key.sign(simulated_platform._digest(told)).hex()
    return base64.b64encode(canonical({**told, "signature": signature})).decode()


def lie_about_readers(data):
    vouched, measured, evidence, before = Attestation.vouched, attestation.measured, SimulatedAttester.evidence, []

    def named():
        path = data / ATTESTS
        return path.read_text() if path.exists() else ""

    async def lying(self, ground, asked, found):
        true = await vouched(self, ground, asked, found)
        if true.attested is not None and not named():
            before[:] = [true.attested]
        if named() not in EVIDENCES:
            return true
        said = EVIDENCES[named()][0](dict(true.attested), before[0], platform_key.present(data))
        return attestation.replace(true, attested=said)

    def reported(self, measurement, report, now):
        return evidence(self, measurement, bytes(32) if named() == REPORTED else report, now)

    Attestation.vouched, SimulatedAttester.evidence = lying, reported
    attestation.measured = lambda mode: "sha-256:" + "5" * 64 if named() == MEASURED else measured(mode)
    honest = attestation.digest
    # of a lie that has no evidence the log names one all the same
    attestation.digest = lambda told: honest(told) if named() not in EVIDENCES else "ab" * 32


if __name__ == "__main__":
    folder = Path(sys.argv[sys.argv.index("--data") + 1])
    give_wrong_keys(folder)
    seal_frauds(folder)
    date_receipts(folder)
    resolve_strangely()
    pack_badly(folder)
    describe_better(folder)
    lie_about_readers(folder)
    from connector.cli.main import app

    sys.argv = ["penstock", "serve", *sys.argv[1:]]
    app()
