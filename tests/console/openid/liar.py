"""A provider whose every word a test chooses: what a certified one never says."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlsplit

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Liar:
    """`document`, `keys` and `more` are what it publishes; `asked` is what came; `heard` counts its documents."""

    def __init__(self, issuer):
        self.issuer, self.asked, self.heard = issuer, {}, []
        self.document = {
            "issuer": issuer,
            "authorization_endpoint": issuer + "/authorize",
            "token_endpoint": issuer + "/token",
            "jwks_uri": issuer + "/jwks",
        }
        self.keys = [json.loads(RSAAlgorithm.to_jwk(KEY.public_key())) | {"kid": "one", "use": "sig"}]
        self.said, self.more = "", {}

    def claims(self, address, now, **instead):
        """Return right claims for a sign-in that was sent to `address`, with some instead."""
        asked = {name: value[0] for name, value in parse_qs(urlsplit(address).query).items()}
        at = int(now.timestamp())
        told = {"iss": self.issuer, "aud": asked["client_id"], "sub": "s-1", "nonce": asked["nonce"], "iat": at}
        told |= {"exp": at + 300, "preferred_username": "ada", "groups": ["desk"]}
        return {name: value for name, value in (told | instead).items() if value is not None}

    def say(self, claims, key=KEY, algorithm="RS256", **header):
        """Answer the next code with these claims."""
        self.said = jwt.encode(claims, key, algorithm=algorithm, headers={"kid": "one"} | header)


@asynccontextmanager
async def liar():
    """Serve one."""
    app = web.Application()
    runner = web.AppRunner(app, access_log=None)

    async def answer(request):
        made.heard.append(request.path)
        if request.path == "/token":
            made.asked = {**await request.post(), "authorization": request.headers.get("Authorization", "")}
            return web.json_response({"id_token": made.said, "access_token": "a", "token_type": "Bearer"})
        return web.json_response(
            {"/jwks": {"keys": made.keys}, "/userinfo": made.more}.get(request.path, made.document)
        )

    app.router.add_route("*", "/{tail:.*}", answer)
    await runner.setup()
    await web.TCPSite(runner, "localhost", 0).start()
    made = Liar(f"http://localhost:{runner.addresses[0][1]}")
    try:
        yield made
    finally:
        await runner.cleanup()
