"""What it costs to demand credentials (DCP): a presentation verified, and a negotiation with and without.

`python -m bench.credentials [--count 200] [--rounds 3]`

A presentation of one credential (ES256 both, with a place in a status list that is known) is verified in this process,
warm: two signatures, two documents that are known, both read anew. Then two processes negotiate as in
`bench.negotiation`, one after the other, with a provider that demands nothing and, started again, one that demands a
MembershipCredential of its buyer, in turn: what the buyer has shown counts for a while, so that no negotiation but the
first asks its credential service.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import uvloop
from cryptography.hazmat.primitives.asymmetric import ec

from bench import report
from bench.negotiation import DATA_BYTES, PIECE_KIB, PRODUCT, WARM_UP, one_round
from bench.pairs import Connectors, connectors
from bench.space import Space, machine, space, workshop
from connector.demo.processes import SERVE
from connector.identity import did as dids
from connector.identity import jwk
from connector.identity.keys import Signer
from connector.identity.tokens import Claims
from connector.operation.dcp import jose
from connector.operation.dcp.verifier import Verifier
from connector.runtime import settings
from connector.runtime.clock import Clock
from contracts.credential import messages, model, presentation, status_list
from contracts.credential.kinds import MEMBERSHIP
from contracts.credential.profiles import FIRST

if TYPE_CHECKING:
    from collections.abc import Sequence

COUNT, ROUNDS, SHOWN = 200, 3, 300
US, PEER, ISSUER = (f"did:web:{name}.example" for name in ("us", "peer", "issuer"))
LIST = "https://issuer.example/issuer/status/x/0"
VERIFIED, WITHOUT, WITH = "a presentation verified, warm", "a negotiation", "a negotiation with credentials demanded"
RATIO = f"{WITH} ÷ without, p50"
TARGETS = {VERIFIED: {"at_most": 3.0}, RATIO: {"at_most": 1.5}}
DEMANDS = {"PENSTOCK_TRUST_REQUIRED": MEMBERSHIP}
HELD_SECONDS = 30.0


class Elsewhere:
    """What is asked for a presentation, answered at once: the cost of the network is not the verifier's."""

    def __init__(self) -> None:
        self._keys = {did: ec.generate_private_key(ec.SECP256R1()) for did in (PEER, ISSUER)}
        now = datetime.now(UTC).replace(microsecond=0)
        status = model.Status(FIRST.entry, "revocation", 7, LIST)
        told = model.Credential(
            "urn:uuid:1", (MEMBERSHIP,), ISSUER, PEER, {"role": "buyer"}, now, now + timedelta(days=1), (status,)
        )
        raw = jose.sign(Signer(self._keys[ISSUER], f"{ISSUER}#k"), FIRST.typ, model.claims(told, now))
        made = presentation.claims(PEER, US, [raw], FIRST, "1", now) | {"exp": int(now.timestamp()) + 600}
        shown = jose.sign(Signer(self._keys[PEER], f"{PEER}#k"), FIRST.presented, made)
        self._shown = messages.message(messages.RESPONSE, presentation=[shown])
        self._known = {did: self._document(did) for did in self._keys}

    def _document(self, did: str) -> dids.Document:
        key = jwk.of_point(self._keys[did].public_key(), "P-256")
        method = {"id": f"{did}#k", "type": dids.JWK_METHOD, "controller": did, "publicKeyJwk": key}
        service = {"id": f"{did}#s", "type": "CredentialService", "serviceEndpoint": "https://peer.example/dcp"}
        told = {"id": did, "verificationMethod": [method], "service": [service]}
        return dids.parse(json.dumps(told).encode(), did)

    def claims(self) -> Claims:
        """Return what the peer's token says."""
        now = datetime.now(UTC)
        return Claims(PEER, US, "1", now, now + timedelta(minutes=1), self._known[PEER], "access")

    async def post(self, _url: str, _body: Any, **_options: Any) -> Any:
        """Answer as the peer's credential service."""
        return SimpleNamespace(json=lambda: self._shown)

    async def get(self, _url: str, **_options: Any) -> Any:
        """Answer with the issuer's status list."""
        subject = {"type": FIRST.listed, "statusPurpose": "revocation", "encodedList": status_list.write([])}
        told = {"issuer": ISSUER, "credentialSubject": subject}
        return SimpleNamespace(body=json.dumps(told).encode(), json=lambda: told)

    async def naming(self, did: str, _kid: str) -> dids.Document:
        """Return a document that is known."""
        return self._known[did]

    def authorization(self, _audience: str, _access: str) -> dict[str, str]:
        """Return no header: nobody looks at it."""
        return {}

    async def write(self, _act: Any) -> list[str]:
        """Return no agreement with the peer; what it has shown is not kept."""
        return []


async def verified() -> float:
    """Return the CPU milliseconds of one presentation."""
    outside = Elsewhere()
    told = {"server.public_url": "https://us.example", "trust.required": (MEMBERSHIP,), "trust.fresh_seconds": 0}
    own = settings.build(told | {"trust.issuers": (f"{ISSUER} *",)})
    core: Any = SimpleNamespace(
        settings=own, clock=Clock(), outbound=outside, identity=SimpleNamespace(did=US), store=outside
    )
    in_space: Any = SimpleNamespace(last=lambda: SimpleNamespace(exchange=ISSUER))
    hub: Any = SimpleNamespace(credentials=SimpleNamespace(held=()))
    verifier = Verifier(core, outside, in_space, hub)  # type: ignore[arg-type]  # what it asks of it is there
    times = []
    for _ in range(SHOWN):
        begun = time.process_time()
        await verifier.require(outside.claims())
        times.append(1000 * (time.process_time() - begun))
    return statistics.median(times[SHOWN // 3 :])


async def negotiated(made: Space, buyer: Connectors, count: int, *, demands: bool) -> float:
    """Start the provider again, demanding or not; return the median milliseconds of a negotiation."""
    await made.people["provider"].stop()
    await made.people["provider"].start(DEMANDS if demands else {})
    ours = Connectors(buyer.connector, made.pid("provider"))
    await ours.meet(made.did("provider"), PRODUCT)
    await ours.negotiate(WARM_UP, 4)
    taken = await one_round(ours, count, 1)
    shown = (await made.call("provider", "GET", "credentials/shown"))["shown"]
    if bool(shown) != demands:
        raise SystemExit(f"the provider demands {MEMBERSHIP}: {demands}, and was shown {shown}")
    for peer in {one["peer"] for one in shown}:  # what was shown is kept over a restart
        await made.call("provider", "DELETE", f"credentials/shown/{quote(peer, safe='')}")
    return report.percentile(taken.times, 50)


async def held(buyer: Connectors) -> None:
    """Have the buyer hold a credential of the exchange."""
    hub = buyer.connector.identity_hub
    await hub.request([MEMBERSHIP])
    async with asyncio.timeout(HELD_SECONDS):
        while not await hub.held():
            await asyncio.sleep(0.1)


async def measure(command: Sequence[str], count: int, rounds: int) -> list[report.Row]:
    """Take the figures."""
    figures = {VERIFIED: (await verified(), "CPU ms")}
    with workshop() as folder:
        source = folder / "data.bin"
        source.write_bytes(os.urandom(DATA_BYTES))
        async with (
            space(folder, hosted=("buyer",), commands={"provider": (*command, "serve")}) as made,
            connectors(folder / "buyer", made.pid("provider")) as buyer,
        ):
            await made.admit("buyer")
            await made.offer(PRODUCT, [source], pieceKiB=PIECE_KIB)
            await held(buyer)
            taken: dict[bool, list[float]] = {False: [], True: []}
            for _ in range(rounds):
                for demands, found in taken.items():
                    found.append(await negotiated(made, buyer, count, demands=demands))
    without, demanded = (statistics.median(taken[demands]) for demands in (False, True))
    figures |= {f"{WITHOUT}, p50": (without, "ms"), f"{WITH}, p50": (demanded, "ms")}
    return report.rows(figures | {RATIO: (demanded / without, "times")}, TARGETS)


def main() -> None:
    """Measure, print, write bench/results/credentials.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.credentials")
    parser.add_argument("--count", type=int, default=COUNT, help="negotiations of a round")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    told = parser.parse_args()
    print(machine())
    rows = uvloop.run(measure(SERVE[:-1], told.count, told.rounds))
    print(report.table(rows))
    print("written to", report.write("credentials", rows))


if __name__ == "__main__":
    sys.exit(main())
