"""The tables of docs/exchange.md and docs/federation.md: who may do what, and what others' products lack."""

from __future__ import annotations

from catalog.found import LIMITS
from catalog.posts import ACTS
from docs.generate.tables import table


def acts() -> str:
    """Return what each operator may do, and whose assent it needs."""
    rows = [
        (f"{act.en} · {act.zh}", " or ".join(sorted(act.by)), str(act.assent) if act.assent else "nobody's")
        for act in ACTS.values()
    ]
    return table(("act", "asked for by", "needs the assent of"), rows)


def limits() -> str:
    """Return what a product that was found elsewhere may lack."""
    return table(("key", "says", "中文"), [(f"`{one.key}`", one.en, one.zh) for one in LIMITS.values()])
