"""`penstock resource`: what we hold, apart from products; `penstock product`: one listed product, and its two faces."""

from __future__ import annotations

import typer

from connector.cli import declared

app = declared.group("resource", "Data resources, apart from the products made of them: add, list.")
product = typer.Typer(help="One listed product: show it, in our words or in two standards'.", no_args_is_help=True)
declared.add(product, "product", "show", "face")
