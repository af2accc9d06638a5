"""`penstock exchange`: what the operator of the catalogue node does."""

from __future__ import annotations

import typer

from connector.cli import declared, operator
from connector.cli.options import OperatorKey  # noqa: TC001  # typer reads it when the command is made
from connector.cli.speak import ACTING

app = typer.Typer(help="Run the exchange: members, review, listing, credits, attestations.", no_args_is_help=True)
app.add_typer(declared.group("exchange member", "Members: list, suspend, resume, reread, revoke."), name="member")
for post, about in (
    ("arbitrator", "Arbitrators of the space, on chain: name, dismiss."),
    ("deputy", "Other exchanges that run the space on chain: name, dismiss."),
):
    app.add_typer(declared.group(f"exchange {post}", about), name=post)
app.add_typer(operator.app, name="operator")
app.add_typer(declared.group("exchange space", "Spaces: create, change, close."), name="space")
app.add_typer(declared.group("exchange template", "Contract templates: add, withdraw."), name="template")
app.add_typer(declared.group("exchange request", "Money of members: what they bring in and take home."), name="request")
app.add_typer(declared.group("exchange leaving", "Members that leave: list, approve, refuse."), name="leaving")
app.add_typer(
    declared.group("exchange credential", "Credentials issued here: list, grants, grant, withdraw, revoke."),
    name="credential",
)
declared.add(app, "exchange", "connectors", "uses", "pending")
app.add_typer(declared.group("exchange use", "Uses that run at members: stop, allow."), name="use")
app.command()(operator.assent)
declared.add(app, "exchange", "dissent")
about = "Sources: other exchanges and catalogues whose products are found here."
app.add_typer(declared.group("exchange source", about), name="source")


@app.callback()
def operate(key: OperatorKey = None) -> None:
    """Run the exchange: members, review, listing, credits, attestations; as its owner, or as one of its operators."""
    ACTING[:] = [] if key is None else [key]


declared.add(app, "exchange", "admit", "applications", "reject", "listings", "suspend", "resume", "refuse")
declared.add(app, "exchange", "indicators", "credit", "read", "review", "revoke", "attest")
