"""`penstock ndi`: contracts over the interfaces of the national infrastructure, and who serves in them."""

from __future__ import annotations

from connector.cli import declared

app = declared.group(
    "ndi",
    "Contracts over the interfaces of the national infrastructure: find, list, show, compare, end; sign, decline.",
)
app.add_typer(declared.group("ndi party", "Service parties of our products: list, set, remove."), name="party")
app.add_typer(
    declared.group("ndi served", "Contracts of others that name us a service party: list, show."), name="served"
)
app.add_typer(declared.group("ndi white", "Who is delivered to: list, add, remove, drop."), name="white")
