"""The `penstock` command: the first help page is the journey, everything else is in groups."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from connector.cli import (
    audit,
    bill,
    chain,
    complaint,
    configuration,
    declared,
    demand,
    demo,
    dispute,
    doctor,
    exchange,
    find,
    get,
    init,
    leave,
    log,
    open_,
    policy_compare,
    prices,
    publish,
    serve,
    service,
    settle,
    show,
    sublicense,
    transfer,
    vault,
    verify,
    version,
)
from connector.cli.speak import fail
from connector.runtime.data_folder import OTHERS

app = typer.Typer(
    name="penstock",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)

VERBS = (
    ("demo", demo.demo),
    ("init", init.init),
    ("join", declared.verb("join")),
    ("doctor", doctor.doctor),
    ("serve", serve.serve),
    ("publish", publish.publish),
    ("find", find.find),
    ("searches", declared.verb("searches")),
    ("show", show.show),
    ("quote", declared.verb("quote")),
    ("get", get.get),
    ("open", open_.open_),
    ("sublicense", sublicense.sublicense),
    ("settle", settle.settle),
    ("verify", verify.verify),
    ("audit", audit.audit),
    ("leave", leave.leave),
)
GROUPS = (
    ("policy", policy_compare.app),
    ("log", log.app),
    ("demand", demand.app),
    ("resource", declared.group("resource", "Data resources, apart from the products made of them: add, list.")),
    ("product", declared.group("product", "One listed product: show it, in our words or in two standards'.")),
    ("service", service.app),
    ("space", declared.group("space", "Spaces of the exchange: list, show, rules.")),
    ("version", version.app),
    ("exchange", exchange.app),
    ("transfer", transfer.app),
    ("bill", bill.app),
    ("complaint", complaint.app),
    ("rights", declared.group("rights", "Editions and licences as rights on the chain.")),
    ("dispute", dispute.app),
    ("chain", chain.app),
    ("vault", vault.app),
    ("admin", configuration.app),
)

# verbs behind the groups: no step of the journey
ASIDE = (
    ("prices", prices.prices),
    ("reputation", declared.verb("reputation")),
)


def _version(asked: bool) -> None:  # noqa: FBT001  # what typer hands to an option's callback
    if asked:
        import importlib.metadata  # noqa: PLC0415  # a page of help needs none

        typer.echo("penstock " + importlib.metadata.version("penstock"))
        raise typer.Exit


@app.callback()
def about(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="print the version, and end")
    ] = False,
) -> None:
    """Run a trusted-data-space connector: sealed replicas, metered keys, evidence anyone can check."""


for verb, function in (*VERBS, *ASIDE):
    app.command(verb)(function)
for group, members in GROUPS:
    app.add_typer(members, name=group)


def run() -> None:
    """Entry point of the installed command: what it makes is its owner's alone, unless it says otherwise."""
    os.umask(OTHERS)
    try:
        app()
    except OSError as fault:  # of a verb that writes after its answer came
        try:
            fail(fault, as_json=False)
        except typer.Exit as end:
            sys.exit(end.exit_code)


if __name__ == "__main__":
    run()
