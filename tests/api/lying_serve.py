"""`penstock serve` in a strange world: wrong keys for the rows that the file `lies` of its data directory names, pieces
that are not what their rows commit to for those that `frauds` names while they are sealed, receipts that are as many
seconds off as `dates` says, archives of small files that are none while there is a file `packs`, profiles in which no
cell is empty while there is a file `profiles`, and a resolver that knows a public name with a private address.
Everything else is the product."""

from __future__ import annotations

import lzma
import socket
import sys
from dataclasses import replace
from pathlib import Path

from aiohttp.resolver import ThreadedResolver

from connector.channel import release
from connector.custody import packing
from connector.custody import seal as sealing
from connector.licence.books import Books
from connector.provider import description
from contracts.typed_data import Receipt

LIES, FRAUDS, DATES, PACKS, PROFILES = "lies", "frauds", "dates", "packs", "profiles"
PRIVATE_NAME, PRIVATE_ADDRESS = "printer.example", "10.11.12.13"


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


if __name__ == "__main__":
    folder = Path(sys.argv[sys.argv.index("--data") + 1])
    give_wrong_keys(folder)
    seal_frauds(folder)
    date_receipts(folder)
    resolve_strangely()
    pack_badly(folder)
    describe_better(folder)
    from connector.cli.main import app

    sys.argv = ["penstock", "serve", *sys.argv[1:]]
    app()
