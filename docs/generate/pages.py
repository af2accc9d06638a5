"""What is written into docs/ from the program's own tables: pictures whole, tables between two marks.

<!-- made: NAME -->
…
<!-- end -->
"""

from __future__ import annotations

import re
from pathlib import Path

from connector.negotiation.protocol.states import NEGOTIATION, TRANSFER
from docs.generate import (
    architecture,
    audit,
    bill_of_materials,
    compatibility,
    curves,
    diagram,
    dictionaries,
    drill,
    drivers,
    exchange,
    facets,
    figures,
    hints,
    management,
    member_map,
    plan,
    policy,
    programs,
    reference,
    scorecard,
    sealed_edition,
    stock,
    tables,
    tariffs,
    third_party,
)
from ledger.edition.suite import SM4_128

ROOT = Path(__file__).resolve().parents[2]
MARKED = re.compile(r"(<!-- made: ([a-z ]+) -->\n).*?(<!-- end -->)", re.DOTALL)
TABLES = {
    "endpoints": tables.endpoints,
    "negotiation": lambda: tables.cells(NEGOTIATION),
    "transfer": lambda: tables.cells(TRANSFER),
    "signaling": tables.flows,
    "refusals": tables.refusals,
    "compatibility": compatibility.table,
    "edc": stock.table,
    "clients": drivers.table,
    "counterparts": drivers.counterparts,
    "figures that were missed": figures.missed,
    "figures of the protocol": lambda: figures.table("protocol"),
    "figures of the log": lambda: figures.table("log"),
    "figures of a review": lambda: figures.table("review", also="caught: "),
    "figures of connectors": lambda: figures.table("peers", also=": "),
    "figures of transfer": lambda: figures.table("transfer"),
    "figures of revocation": lambda: figures.table("revocation"),
    "codes of the policy": policy.codes,
    "operands of the policy": policy.operands,
    "actions of the policy": policy.actions,
    "reasons of the policy": policy.reasons,
    "limits of the policy": policy.limits,
    "figures of the catalogue": lambda: figures.table("catalog"),
    "facets of the catalogue": facets.narrowed,
    "qualities of the catalogue": facets.measured,
    "rules of hints": hints.rules,
    "rates of hints": hints.rates,
    "methods of masks": hints.methods,
    "acts of operators": exchange.acts,
    "limits of products found elsewhere": exchange.limits,
    "figures of federation": lambda: figures.table("federation"),
    "figures of shares": lambda: figures.begun("audit", ("shared among three",)),
    "figures of the audit": lambda: figures.table("audit"),
    "figures of the policy engine": lambda: figures.table("policy"),
    "actions of a strategy": dictionaries.actions,
    "constraints of a strategy": dictionaries.constraints,
    "operators of a strategy": dictionaries.operators,
    "codes of a contract": dictionaries.codes,
    "kinds of contract templates": dictionaries.kinds,
    "grades of a filed deal": dictionaries.grades,
    "sizes of programs": programs.sizes,
    "gas of programs": programs.gas,
    "units of a tariff": tariffs.units,
    "words of a tariff": tariffs.words,
    "findings of the audit": audit.findings,
    "records of the audit": audit.records,
    "rules of the watch": audit.rules,
    "packages": third_party.packages,
    "commands": reference.commands,
    "exit codes": reference.exits,
    "answers": reference.answers,
    "declared acts": management.acts,
    "settings": reference.settings,
    "limits": reference.limits,
    "events": reference.events,
    "scorecard of reliability": scorecard.table,
    "growth": curves.table,
    "figures of a long history": lambda: figures.begun("history", ("provider",)),
    "figures of an order": lambda: figures.begun("order", ("an order", "a window more", "a day of rest")),
    "figures of members": lambda: figures.table("members"),
    "figures of several processes": lambda: figures.table("workers"),
    "figures of a whole space": lambda: figures.begun("nation", ("",)),
    "years of a space": plan.years,
    "walls of a space": plan.ahead,
    "anchors of a day": plan.anchored,
    "cheats of the drill": drill.caught,
    "accidents of the drill": drill.honest,
    "cheats that cannot be seen": drill.unseen,
}
PAGES = (
    "docs/protocol.md",
    "docs/policy.md",
    "docs/programs.md",
    "docs/tc609.md",
    "docs/tariffs.md",
    "docs/benchmarks.md",
    "docs/audit.md",
    "docs/audit-shares.md",
    "docs/catalogue.md",
    "docs/edc.md",
    "docs/management-api.md",
    "docs/signaling.md",
    "docs/reference.md",
    "docs/THIRD_PARTY.md",
    "docs/exchange.md",
    "docs/personal-data.md",
    "docs/reliability.md",
    "docs/federation.md",
    "docs/scale.md",
    "README.md",
)


def made() -> dict[Path, str]:
    """Return path → text of every file that is written here."""
    pictures = {ROOT / f"docs/protocol/{process}.svg": diagram.draw(process) for process in (NEGOTIATION, TRANSFER)}
    pictures |= {ROOT / "docs/architecture.svg": architecture.draw(), ROOT / "docs/scale.svg": curves.draw()}
    terms = {ROOT / "docs/policy/profile.ttl": policy.profile()}
    bill = {ROOT / "docs/sbom.cdx.json": bill_of_materials.document()}
    vector = {
        ROOT / "docs/specification/members.json": member_map.document(),
        ROOT / "docs/specification/edition.json": sealed_edition.document(),
        ROOT / "docs/specification/edition-sm4.json": sealed_edition.document(SM4_128),
    }
    return (
        pictures
        | terms
        | bill
        | vector
        | {ROOT / page: filled((ROOT / page).read_text(encoding="utf-8")) for page in PAGES}
    )


def write() -> None:
    """Write them."""
    for path, text in made().items():
        path.write_text(text, encoding="utf-8")


def filled(page: str) -> str:
    """Return a page with its tables made anew."""
    return MARKED.sub(lambda found: f"{found[1]}{TABLES[found[2]]()}\n{found[3]}", page)
