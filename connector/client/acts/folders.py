"""Folders whose files the console may publish: named and taken back by the owner, without a settings file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.client.acts.act import Act, Field
from connector.client.acts.columns import Column

if TYPE_CHECKING:
    from connector.client.acts.shape import Shape

NAMED: dict[str, Shape] = {"folder": "text", "by": "text", "since": "text"}
FOLDER = Field("folder", ("Folder", "文件夹"), "a folder of the server's machine, from the root on", metavar="FOLDER")
SRV = {"folder": "/srv/data"}


FOLDERS = (
    Column("NAMED BY", lambda row: row["by"] or "the settings"),
    Column("SINCE", "since", is_moment=True),
    Column("THERE", lambda row: "" if row["there"] else "not there now", rare=True),
    Column("FOLDER", "folder"),
)


ACTS = (
    Act(
        "folder add",
        "POST folders",
        help="Let the console publish the files of a folder, not those below it; from now on, without a restart.",
        says=("Publish from the folder {folder}.", "允许从文件夹 {folder} 发布。"),
        answer=NAMED,
        example=SRV,
        fields=(FOLDER,),
        does="folders.add",
        roles="provider",
        verb="admin folder add",
        form=False,
        lines=lambda row: [f"the console may publish the files of {row['folder']}"],
    ),
    Act(
        "folder list",
        "GET folders",
        help="List the folders whose files the console may publish.",
        says=("List the folders to publish from.", "列出可发布的文件夹。"),
        answer={"folders": [{**NAMED, "there": "truth"}]},
        example={},
        does="folders.page",
        roles="provider",
        verb="admin folder list",
        table=FOLDERS,
        none="there is no such folder; files may still be sent from a browser",
    ),
    Act(
        "folder remove",
        "POST folders/removal",
        help="Publish from a folder no more; what was published of it stays.",
        says=("Publish from the folder {folder} no more.", "不再从文件夹 {folder} 发布。"),
        answer={"folder": "text"},
        example=SRV,
        fields=(FOLDER,),
        does="folders.remove",
        roles="provider",
        verb="admin folder remove",
        form=False,
        lines=lambda row: [f"the console publishes no more from {row['folder']}"],
    ),
)
