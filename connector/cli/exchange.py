"""`penstock exchange`: what the operator of the catalogue node does."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import typer

from connector.cli.member import arbitrator, member
from connector.cli.options import DEFAULT_DATA, AsJson, Data
from connector.cli.speak import answer, ask

app = typer.Typer(help="Run the exchange: members, review, listing, credits, attestations.", no_args_is_help=True)
app.add_typer(member, name="member")
app.add_typer(arbitrator, name="arbitrator")


@app.command()
def admit(
    did: Annotated[str, typer.Argument(help="the participant's did:web")],
    data: Data = DEFAULT_DATA,
    *,
    as_json: AsJson = False,
) -> None:
    """Admit DID as a member after reading its document.

    For example: penstock exchange admit did:web:buyer.example
    """
    found = ask(data, "POST", "members", {"did": did}, as_json=as_json)
    answer(found, [f"{found['name']} ({found['role']}, {found['region']}) is a member"], as_json=as_json)


@app.command()
def credit(
    did: Annotated[str, typer.Argument(help="the member to credit")],
    amount: Annotated[int, typer.Argument(help="amount in minor units", min=1)],
    data: Data = DEFAULT_DATA,
    *,
    as_json: AsJson = False,
) -> None:
    """Issue settlement tokens to a member (against money received outside).

    For example: penstock exchange credit did:web:buyer.example 100000
    """
    done = ask(data, "POST", "credits", {"did": did, "amount": str(amount)}, as_json=as_json)
    answer(done, [f"credited {done['amount']} to {did}"], as_json=as_json)


@app.command()
def review(
    product: Annotated[str, typer.Argument(help="the submitted product's id")],
    data: Data = DEFAULT_DATA,
    *,
    as_json: AsJson = False,
) -> None:
    """Open rows drawn after registration, check them, and list the product.

    For example: penstock exchange review nyc-flights-2013
    """
    done = ask(data, "POST", f"listings/{quote(product, safe='')}/review", {}, as_json=as_json)
    answer(done, [f"{done['title']}: {done['opened']} rows opened, {done['bound']}: {done['state']}"], as_json=as_json)


@app.command()
def revoke(
    subject: Annotated[str, typer.Argument(help="the SHA-256 of what the space gave out, such as a credential")],
    reason: Annotated[str, typer.Option(help="why; the chain keeps the digest of the words")],
    data: Data = DEFAULT_DATA,
    *,
    as_json: AsJson = False,
) -> None:
    """Revoke something that the space gave out, on chain, for everybody to see.

    For example: penstock exchange revoke 5b1f0c --reason "the key is lost"
    """
    done = ask(data, "POST", "revocations", {"subject": subject, "reason": reason}, as_json=as_json)
    answer(done, [f"{subject} is revoked (transaction {done['tx']})"], as_json=as_json)


@app.command()
def attest(data: Data = DEFAULT_DATA, *, as_json: AsJson = False) -> None:
    """Collect the witnesses' BLS signatures over all final heads into one attestation.

    For example: penstock exchange attest
    """
    done = ask(data, "POST", "attestations", {}, as_json=as_json)
    answer(done, [f"{len(done['signers'])} witnesses attest {len(done['heads'])} heads"], as_json=as_json)
