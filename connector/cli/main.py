"""The `penstock` command: the first help page is the journey, everything else is in groups."""

from __future__ import annotations

import typer

from connector.cli import (
    admin,
    audit,
    chain,
    demand,
    demo,
    dispute,
    doctor,
    exchange,
    find,
    get,
    init,
    join,
    log,
    open_,
    policy_compare,
    publish,
    quote,
    rights,
    serve,
    settle,
    show,
    sublicense,
    transfer,
    vault,
    verify,
)

app = typer.Typer(
    name="penstock",
    help="A trusted-data-space connector: sealed replicas, metered keys, evidence anyone can check.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)

VERBS = (
    ("demo", demo.demo),
    ("init", init.init),
    ("join", join.join),
    ("doctor", doctor.doctor),
    ("serve", serve.serve),
    ("publish", publish.publish),
    ("find", find.find),
    ("show", show.show),
    ("quote", quote.quote),
    ("get", get.get),
    ("open", open_.open_),
    ("sublicense", sublicense.sublicense),
    ("settle", settle.settle),
    ("verify", verify.verify),
    ("audit", audit.audit),
)
GROUPS = (
    ("policy", policy_compare.app),
    ("log", log.app),
    ("demand", demand.app),
    ("exchange", exchange.app),
    ("transfer", transfer.app),
    ("rights", rights.app),
    ("dispute", dispute.app),
    ("chain", chain.app),
    ("vault", vault.app),
    ("admin", admin.app),
)

for verb, function in VERBS:
    app.command(verb)(function)
for group, members in GROUPS:
    app.add_typer(members, name=group)


def run() -> None:
    """Entry point of the installed command."""
    app()


if __name__ == "__main__":
    run()
