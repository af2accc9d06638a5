"""Every verb and group of the command line, in the order of the help page, and where each is declared.

Law: a verb is loaded by its row, so that a command loads what it needs and no other's (`connector.cli.page`). A row is
a name and a place, `module.name` in this room; a place without a module is the words of a group, or nothing for a verb,
whose commands are all declared (`connector.client.acts`). A verb that has commands of its own is an `app`, too.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import typer

VERBS = (
    ("demo", "demo.demo"),
    ("up", "up.up"),
    ("init", "init.init"),
    ("join", "join.join"),
    ("doctor", "doctor.doctor"),
    ("serve", "serve.serve"),
    ("publish", "publish.publish"),
    ("price", ""),
    ("unpublish", ""),
    ("orders", ""),
    ("find", "find.find"),
    ("searches", ""),
    ("show", "show.show"),
    ("quote", ""),
    ("get", "get.get"),
    ("open", "open_.open_"),
    ("call", ""),
    ("query", ""),
    ("lookup", "lookup.lookup"),
    ("joint", ""),
    ("model", "model.model"),
    ("relate", "relate.relate"),
    ("learn", "learn.learn"),
    ("rehearse", "run.rehearse"),
    ("run", "run.run"),
    ("try", "try_.try_"),
    ("sublicense", "sublicense.sublicense"),
    ("amend", ""),
    ("contract", "contract.contract"),
    ("settle", "settle.settle"),
    ("verify", "verify.verify"),
    ("audit", "audit.app"),
    ("leave", "leave.leave"),
)
GROUPS = (
    ("policy", "policy_try.app"),
    ("log", "log.app"),
    ("stream", "stream.app"),
    ("controlplane", "Control planes of other makes that may have data flows run here: add, list, remove."),
    ("dataplane", "Data planes of other makes that move data of ours: add, list, remove."),
    ("flow", "Data flows that control planes have us run: list, end."),
    ("demand", "demand.app"),
    ("deal", "deal.app"),
    ("project", "project.app"),
    ("program", "program.app"),
    ("hosting", "Data that a host keeps and sells for its provider: delegate, accept, list, show, revoke, log, audit."),
    ("agent", "agent.app"),
    ("authority", "Which accounts of ours may sign agreements for us: grant, list, show, revoke, ask."),
    ("filing", "filing.app"),
    ("code", "code.app"),
    ("node", "node.app"),
    ("credential", "credential.app"),
    ("key", "key.app"),
    ("conform", "conform.app"),
    ("ndi", "ndi.app"),
    ("template", "template.app"),
    ("resource", "Data resources, apart from the products made of them: add, list."),
    ("product", "One listed product: show it, in our words or in two standards'."),
    ("service", "service.app"),
    ("space", "Spaces of the exchange: list, show, rules."),
    ("version", "version.app"),
    ("exchange", "exchange.app"),
    ("transfer", "transfer.app"),
    ("bill", "bill.app"),
    ("wallet", "wallet.app"),
    ("complaint", "complaint.app"),
    ("rights", "Editions and licences as rights on the chain."),
    ("dispute", "dispute.app"),
    ("chain", "chain.app"),
    ("vault", "vault.app"),
    ("admin", "configuration.app"),
)
# verbs behind the groups: no step of the journey
ASIDE = (
    ("purposes", "purposes.purposes"),
    ("prices", "prices.prices"),
    ("plan", "plan.plan"),
    ("reputation", ""),
)
NAMES = frozenset(name for name, _ in (*VERBS, *GROUPS, *ASIDE))


def add(app: typer.Typer, name: str) -> None:
    """Load a verb or a group and give it to `app`."""
    for verb, place in (*VERBS, *ASIDE):
        if verb == name:
            found = _found(place) if place else _declared().verb(name)
            if place.endswith(".app"):
                app.add_typer(found, name=name)
            else:
                app.command(name, cls=getattr(found, "COMMAND", None))(found)
    for group, place in GROUPS:
        if group == name:
            app.add_typer(_declared().group(name, place) if " " in place else _found(place), name=name)


def _found(place: str) -> Any:
    module, _, name = place.partition(".")
    return getattr(import_module(f"connector.cli.{module}"), name)


def _declared() -> Any:
    return import_module("connector.cli.declared")
