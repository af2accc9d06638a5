"""How large the pieces of a product are where its brief says nothing of it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from connector.provider import renewal

KIB, GIB = 1 << 10, 1 << 30
FORMER = SimpleNamespace(header=SimpleNamespace(piece_bytes=256 * KIB))


@pytest.mark.parametrize(
    ("brief", "size", "before", "kib"),
    [
        ({}, GIB - 1, None, 1024),
        ({}, GIB, None, 4096),
        ({"layout": "fixed"}, 9 * GIB, None, 4096),
        ({"layout": "cdc"}, 9 * GIB, None, 1024),  # smaller ones are repeated more often
        ({"layout": "aligned"}, 9 * GIB, None, 1024),
        ({"unit": "piece"}, 9 * GIB, None, 1024),  # a piece has a price
        ({}, 9 * GIB, FORMER, 256),  # else nothing of it could be repeated
        ({}, 1, FORMER, 256),
        ({"pieceKiB": 64}, 9 * GIB, FORMER, 64),
        ({"pieceKiB": 2048}, 1, None, 2048),
        ({"pieceKiB": None}, GIB, None, 4096),
    ],
)
def test_the_size_of_pieces(brief, size, before, kib):
    told = {"unit": "MiB"} | brief
    assert renewal.piece_bytes(told, SimpleNamespace(size=size), before) == kib * KIB
