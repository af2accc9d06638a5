"""`penstock agent`: what an AI agent may do here, and the tools by which it does it."""

from __future__ import annotations

import typer

from connector.cli import declared
from connector.cli.options import DEFAULT_DATA, Data, DryRun
from connector.cli.speak import ask, fail, finish

app = typer.Typer(help="AI agents, by the Model Context Protocol, and what they propose.", no_args_is_help=True)
# what a proposal tells of its limits
MANDATE = ("limit", "cap", "bid", "purpose")
WITHOUT = "tools for agents are served with the package `mcp`, which is not installed here"


@app.command()
def serve(data: Data = DEFAULT_DATA) -> None:
    """Serve an agent's tools on stdin and stdout, as the key in PENSTOCK_KEY lets it; the agent's program starts this.

    For example: penstock agent serve, where PENSTOCK_KEY=assistant.key
    """
    from connector.runtime.errors import SettingsError  # noqa: PLC0415  # loaded when the verb runs

    try:
        from connector.cli import tools  # noqa: PLC0415  # as above, and only agents need it
    except ImportError as missing:
        raise SettingsError(WITHOUT, "pip install 'penstock[agents]'") from missing
    finish(tools.serve(data), as_json=False)


@app.command()
@declared.asking("agent_assent")
def assent(typed: declared.Typed, *, dry_run: DryRun = False) -> None:
    """Assent to a proposal: the purchase begins, in your name and within the limits that it says.

    For example: penstock agent assent 6f1d3c520d4b --dry-run
    """
    if not dry_run:
        typed.do()
        return
    from connector.runtime.errors import Absent  # noqa: PLC0415  # loaded when the verb runs

    listed = ask(typed.data, "GET", "agent/proposals", as_json=typed.as_json)["proposals"]
    found = [one for one in listed if one["id"].startswith(typed["proposal"])]
    if len(found) != 1:
        fault = Absent(f"`{typed['proposal'][:100]}` is no proposal", "penstock agent proposals")
        fail(fault, as_json=typed.as_json)
    mandate = {name: found[0][name] for name in MANDATE}
    body = {"product": found[0]["product"], "mandate": mandate}
    quote = ask(typed.data, "POST", "foresights", body, as_json=typed.as_json)
    typed.tell(quote, [f"{quote['title']} ({quote['tier']}) of {quote['provider']}: {quote['price']}, {quote['sum']}"])


declared.add(app, "agent", "show", "propose", "proposals", "decline")
