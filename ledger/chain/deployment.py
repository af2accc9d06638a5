"""One deployment: which programs stand where on which chain, under which salt.

The salt is drawn once and is in the domain of every signature (spec 2), so signatures of one deployment mean nothing to
another, even where addresses and chain id are equal.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from contracts import address, currencies, signature
from contracts.decimals import read_decimal
from contracts.onchain.artifacts import PROGRAMS
from contracts.typed_data import Domain
from ledger.chain.client import Chain, Program
from ledger.chain.errors import ChainError, ChainRefused
from ledger.chain.fees import coins

if TYPE_CHECKING:
    from collections.abc import Mapping

    from contracts.signature import Secret

SALT_BYTES = 32
DEPLOY_WAIT_SECONDS = 60
# measured 12.7 million, and a quarter is offered beyond each estimate
DEPLOY_GAS = 16_000_000
DEFAULT_ANCHOR_DELAY_SECONDS = 86_400
DEFAULT_TOKEN_NAME = "Penstock settlement unit"  # noqa: S105  # a currency's name
DEFAULT_TOKEN_SYMBOL = "PSU"  # noqa: S105  # a currency's sign


@dataclass(frozen=True, slots=True)
class Deployment:
    """Chain id, salt (32 bytes) and the address (20 bytes) of each of `PROGRAMS`.

    `since` is the first block with one of them, where nobody has to look for events before; 0 if nobody says.
    `currency` is what a hundred units of the token are; a deployment of before there were several names none.
    """

    chain_id: int
    salt: bytes
    addresses: Mapping[str, bytes]
    since: int = field(default=0, compare=False)
    currency: str = currencies.FIRST

    def __post_init__(self) -> None:
        if len(self.salt) != SALT_BYTES or set(self.addresses) != set(PROGRAMS):
            raise ValueError(f"a deployment has a salt of {SALT_BYTES} bytes and the programs {', '.join(PROGRAMS)}")
        currencies.settled(self.currency)

    def program(self, name: str) -> Program:
        """Return a program by name."""
        return Program(name, self.addresses[name])

    def domain(self, program: str) -> Domain:
        """Return the signing domain of a program; types that no program reads use `editions`."""
        return Domain(self.chain_id, self.addresses[program], self.salt)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Deployment:
        """Read `{chainId, salt, since?, addresses: {program: EIP-55}, currency?}`; numbers are decimal strings."""
        addresses = {name: address.read(shown, name) for name, shown in document["addresses"].items()}
        since = read_decimal(document.get("since", "0"), "since")
        currency = str(document.get("currency", currencies.FIRST))
        return cls(int(document["chainId"]), bytes.fromhex(document["salt"]), addresses, since, currency)

    def json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "chainId": str(self.chain_id),
            "salt": self.salt.hex(),
            "since": str(self.since),
            "addresses": {name: address.show(where) for name, where in self.addresses.items()},
        } | ({} if self.currency == currencies.FIRST else {"currency": self.currency})


def creation(
    program: str,
    salt: bytes,
    *,
    anchor_delay_seconds: int = DEFAULT_ANCHOR_DELAY_SECONDS,
    token_name: str = DEFAULT_TOKEN_NAME,
    token_symbol: str = DEFAULT_TOKEN_SYMBOL,
) -> tuple[Any, ...]:
    """Return what the constructor of a program takes."""
    more: Mapping[str, tuple[Any, ...]] = {"anchors": (anchor_delay_seconds,), "token": (token_name, token_symbol)}
    return salt, *more.get(program, ())


async def deploy(chain: Chain, key: Secret, *, currency: str = currencies.FIRST, **more: Any) -> Deployment:
    """Put all programs on the chain with a fresh salt; the holder of `key` becomes the token's issuer.

    `more` is for `creation`. Returns the whole deployment or raises, ContractError for a currency that the token cannot
    count; after a failure start again, half a deployment is of no use to anybody.
    """
    await _pays(chain, signature.address(key))
    if currencies.settled(currency) != currencies.FIRST:
        more.setdefault("token_name", f"{DEFAULT_TOKEN_NAME} ({currency})")
    salt = secrets.token_bytes(SALT_BYTES)
    created = {name: await _create(chain, key, name, creation(name, salt, **more)) for name in PROGRAMS}
    addresses = {name: where for name, (where, _) in created.items()}
    since = min(block for _, block in created.values())
    return Deployment(await chain.chain_id(), salt, addresses, since, currency)


async def _pays(chain: Chain, account: bytes) -> None:
    """Raise ChainRefused unless an account can pay for all programs."""
    balance, fees = await chain.balance(account), await chain.fees()
    if lacking := fees.lacking(balance, DEPLOY_GAS):
        raise ChainRefused(
            f"the account {address.show(account)} has {coins(balance)} of the chain's own coin, too little to put the "
            f"programs there; send it {coins(lacking)} or more"
        )


async def borne_out(chain: Chain, deployment: Deployment) -> Deployment:
    """Return a deployment with the `since` that was said if the chain bears it out, else with 0.

    Whoever supervises begins so: whoever says `since` may want events before it to be overlooked. An account without a
    nonce never was a program (EIP-161); a node that has forgotten that block bears out nothing.
    """
    doubtful = replace(deployment, since=0)
    if not deployment.since:
        return doubtful
    try:
        nonces = [await chain.nonce(where, deployment.since - 1) for where in deployment.addresses.values()]
    except ChainError:
        return doubtful
    return doubtful if any(nonces) else deployment


async def _create(chain: Chain, key: Secret, program: str, args: tuple[Any, ...]) -> tuple[bytes, int]:
    nonce = await chain.nonce(signature.address(key))
    signed = await chain.sign_creation(program, args, nonce=nonce, key=key)
    receipt = await chain.wait(await chain.send(signed.raw), DEPLOY_WAIT_SECONDS)
    if not receipt.succeeded or receipt.created is None:
        raise ChainRefused(f"the program `{program}` could not be created")
    return receipt.created, receipt.block
