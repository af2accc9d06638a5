"""`penstock admin folder`: folders whose files the console may publish, named while it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from connector.cli import declared

app = typer.Typer(help="Folders that the console may publish from: add, list, remove.", no_args_is_help=True)
Folder = Annotated[Path, typer.Argument(help="a folder of the server's machine", metavar="FOLDER", resolve_path=True)]


@app.command()
@declared.asking("folder_add", "folder")
def add(typed: declared.Typed, folder: Folder) -> None:
    """Let the console publish the files of a folder, not those below it; from now on, without a restart.

    For example: penstock admin folder add /srv/data
    """
    typed.also(folder=str(folder)).do()


declared.add(app, "admin folder", "list")


@app.command()
@declared.asking("folder_remove", "folder")
def remove(typed: declared.Typed, folder: Folder) -> None:
    """Publish from a folder no more; what was published of it stays.

    For example: penstock admin folder remove /srv/data
    """
    typed.also(folder=str(folder)).do()
