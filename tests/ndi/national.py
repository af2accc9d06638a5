"""A consumer's connector of another make that signs by SM2: its key is the program openssl's, and that signs for it."""

from __future__ import annotations

import subprocess

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from connector.identity import did as dids
from connector.identity import jwk
from contracts.ndi.interfaces import signed_part
from contracts.sm2.signature import of_der
from tests.api.command import penstock
from tests.ndi.other_make import OtherMake

USER = ("-rawin", "-digest", "sm3", "-pkeyopt", "distid:1234567812345678")


class National(OtherMake):
    """What it says of itself names its key as it likes; everything that it sends is signed by it."""

    NAME = "国密数据合约"
    aggregate = (b"\x03" * 48, b"\x02" * 96)

    async def start(self):
        await super().start()
        self._folder = self._keys_folder / "openssl"
        self._folder.mkdir()
        self._run("genpkey", "-algorithm", "SM2", "-out", "key.pem")
        self._run("pkey", "-in", "key.pem", "-pubout", "-outform", "DER", "-out", "public.der")
        self.public = (self._folder / "public.der").read_bytes()[-64:]

    def sealed(self, said):
        """Sign in DER, as the program writes it: no text forbids it."""
        self.signed(said)
        return {**said, "signature": (self._folder / "proof").read_bytes().hex()}

    def signed(self, said):
        (self._folder / "part").write_bytes(signed_part(said))
        self._run("pkeyutl", "-sign", "-in", "part", "-inkey", "key.pem", "-out", "proof", *USER)
        return of_der((self._folder / "proof").read_bytes()).hex()

    def verifies(self, public, said, proof):
        """Say whether a signature (hex) over a message verifies, as the program openssl sees it."""
        raw = bytes.fromhex(proof)
        assert len(raw) == 64, "it is none of SM2"
        numbers = (int.from_bytes(raw[at : at + 32], "big") for at in (0, 32))
        (self._folder / "theirs").write_bytes(encode_dss_signature(*numbers))
        (self._folder / "part").write_bytes(signed_part(said))
        # the public key of ours, in the frame in which openssl wrote its own
        frame = (self._folder / "public.der").read_bytes()[:-64]
        (self._folder / "theirs.der").write_bytes(frame + public)
        words = ("-verify", "-pubin", "-in", "part", "-inkey", "theirs.der", "-keyform", "DER", "-sigfile", "theirs")
        return self._run("pkeyutl", *words, *USER, check=False).returncode == 0

    async def _document(self, _request):
        document = dids.build(self.did, self.url, self.keys, self.aggregate, exchange=False)
        name = self.did + "#seal-of-2026"
        key = {"id": name, "type": "JsonWebKey2020", "controller": self.did, "publicKeyJwk": jwk.of_sm2(self.public)}
        document["verificationMethod"].append(key)
        document["assertionMethod"].append(name)
        return web.json_response(document)

    def _run(self, *words, check=True):
        return subprocess.run(["openssl", *words], cwd=self._folder, check=check, capture_output=True)


async def drawn(space):
    """Have both parties and the platform draw keys of SM2; returns role → public key, as the exchange knows it."""
    keys = {}
    for role in ("provider", "exchange", "buyer"):
        made = await penstock(space, role, "key", "draw", "sm2", "--why", "national ciphers")
        assert made["told"], role
        keys[role] = bytes.fromhex(made["key"])
        document = (await space.outbound.get(space.url(role) + "/.well-known/did.json")).json()
        [method] = [one for one in document["verificationMethod"] if one["publicKeyJwk"].get("crv") == "SM2"]
        assert method["id"] == space.did(role) + "#sm2"
        assert method["id"] in document["assertionMethod"]
    members = (await space.outbound.get(space.url("exchange") + "/space")).json()["members"]
    known = {one["did"]: one.get("sm2", "") for one in members}
    assert all(known[space.did(role)] == key.hex() for role, key in keys.items())
    return keys
