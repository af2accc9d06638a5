"""Programs as they stand on chains that were set up before: creation code in hex, and how to put them there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from eth_hash.auto import keccak

from ledger.chain.programs import Programs

# before `grantMany`
NAMES = ("batch", "licences")


async def set_up(stage):
    """The stage with these in the place of today's; its deployment has the same salt."""
    addresses = dict(stage.deployment.addresses)
    for name in NAMES:
        code = bytes.fromhex((Path(__file__).parent / f"{name}.hex").read_text().strip())
        key = keccak(b"actor issuer")
        nonce = await stage.chain.nonce(stage.account("issuer"))
        signed = await stage.chain._sign({"data": code + stage.deployment.salt}, nonce, key)
        addresses[name] = (await stage.chain.wait(await stage.chain.send(signed.raw), 20)).created
    return replace(stage, programs=Programs(stage.chain, replace(stage.deployment, addresses=addresses)))
