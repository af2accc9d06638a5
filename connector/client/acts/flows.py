"""Data Plane Signaling: the control planes that may have us run data flows, and those flows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.client.acts.act import Act, Field
from connector.client.acts.columns import Column

if TYPE_CHECKING:
    from connector.client.acts.shape import Shape

TRADERS = "provider buyer"
PLANE: dict[str, Shape] = {"plane": "text", "endpoint": "text", "created": "text"}
FLOW: dict[str, Shape] = {
    "flow": "text",
    "plane": "text",
    "role": "text",
    "dataset": "text",
    "counterparty": "text",
    "agreement": "text",
    "direction": "text",
    "state": "text",
    "bytes": "digits",
    "files": "number",
    "folder": "text",
    "untold": "text",
    "reason": "text",
    "created": "text",
    "updated": "text",
}
NAMED = Field("plane", ("Control plane", "控制面"), "what the control plane calls itself", sent="id")
OURS = {"plane": "edc"}
PLANES = (
    Column("CONTROL PLANE", "plane"),
    Column("TOLD AT", "endpoint"),
    Column("SINCE", "created", is_moment=True),
)
FLOWS = (
    Column("FLOW", "flow", is_id=True),
    Column("STATE", "state"),
    Column("DIRECTION", "direction"),
    Column("DATASET", "dataset"),
    Column("WITH", "counterparty"),
    Column("BYTES", "bytes", is_count=True),
    Column("FILES", "files", is_count=True, long=True),
    Column("ROLE", "role", long=True),
    Column("CONTROL PLANE", "plane", long=True),
    Column("LAST", "updated", is_moment=True, long=True),
    Column("IN", "folder", rare=True),
    Column("WHY", "reason", rare=True),
)


def registered(row: Any) -> list[str]:
    """Return what a person does with what was drawn for a control plane."""
    return [
        f"{row['plane']} may have data flows run here; register this data plane there with",
        "  --json of this answer, its member `registration`; it has the secret, which is shown this once",
        f"or let it send, as it is, Authorization: Bearer {row['token']}",
    ]


MOVER: dict[str, Shape] = {
    "plane": "text",
    "endpoint": "text",
    "profiles": ["text"],
    "labels": ["text"],
    "created": "text",
}
MOVES = {"plane": "mqtt"}
MOVED_BY = Field("plane", ("Data plane", "数据面"), "what the data plane calls itself", sent="id")
MOVERS = (
    Column("DATA PLANE", "plane"),
    Column("PROFILES", lambda row: ", ".join(row["profiles"])),
    Column("LABELS", lambda row: ", ".join(row["labels"])),
    Column("ASKED AT", "endpoint", long=True),
    Column("SINCE", "created", is_moment=True, long=True),
)

ACTS = (
    Act(
        "controlplane add",
        "POST controlplanes",
        help="Let a control plane, an EDC for example, have data flows run here; one that is known gets a new secret.",
        says=("Let the control plane {plane} have data flows run here.", "允许控制面 {plane} 在此运行数据流转。"),
        answer=PLANE | {"token": "text", "registration": "object"},
        example=OURS | {"endpoint": "https://edc.example/api/signaling"},
        fields=(
            NAMED,
            Field("endpoint", ("Address", "地址"), "where it is told what became of a flow", "--endpoint"),
        ),
        does="control_planes.add",
        roles=TRADERS,
        makes=True,
        lines=registered,
        form=False,
    ),
    Act(
        "controlplane list",
        "GET controlplanes",
        help="List the control planes that may have data flows run here.",
        says=("List the control planes that may have data flows run here.", "列出可在此运行数据流转的控制面。"),
        answer={"planes": [PLANE]},
        example={},
        does="control_planes.page",
        roles=TRADERS,
        table=PLANES,
        none="no control plane may: penstock controlplane add ID --endpoint ADDRESS",
    ),
    Act(
        "controlplane remove",
        "POST controlplanes/{plane}/remove",
        help="Take no more word of a control plane; flows of it that go on are ended first.",
        says=("Take no more word of the control plane {plane}.", "不再接受控制面 {plane} 的指令。"),
        answer=PLANE,
        example=OURS,
        fields=(NAMED,),
        does="control_planes.remove",
        roles=TRADERS,
        lines=lambda row: [f"{row['plane']} is not registered here any more"],
    ),
    Act(
        "flow list",
        "GET flows",
        help="List the data flows that control planes have us run: how far each is, where what comes lies.",
        says=("List the data flows that control planes have us run.", "列出控制面在此运行的数据流转。"),
        answer={"flows": [FLOW]},
        example={},
        does="flows.page",
        roles=TRADERS,
        table=FLOWS,
        none="no control plane has had a data flow run here",
    ),
    Act(
        "flow end",
        "POST flows/{flow}/end",
        help="End a data flow here, whatever its control plane thinks, and tell it.",
        says=("End the data flow {flow}, and tell its control plane.", "结束数据流转 {flow} 并告知其控制面。"),
        answer=FLOW,
        example={"flow": "5f0c1d"},
        fields=(Field("flow", ("Data flow", "数据流转"), "as `penstock flow list` shows it", sent="id"),),
        does="flows.end",
        roles=TRADERS,
        rehearse=True,
        lines=lambda row: [f"{row['flow']}: {row['state']} after {row['bytes']} bytes"],
    ),
    Act(
        "dataplane add",
        "POST dataplanes",
        help="Have a data plane of another make move data of ours; one that is known is replaced, with a new secret.",
        says=("Have the data plane {plane} move data of ours.", "由数据面 {plane} 传输我方数据。"),
        answer=MOVER | {"token": "text"},
        example=MOVES | {"endpoint": "https://mover.example/signaling", "profiles": ["HttpData-PULL"]},
        fields=(
            MOVED_BY,
            Field("endpoint", ("Address", "地址"), "where it is asked (`/dataflows/…` comes after it)", "--endpoint"),
            Field("profiles", ("Profiles", "传输方式"), "a way of transfer that it serves", "--profile", "texts"),
            Field(
                "labels",
                ("Labels", "标签"),
                "a label, as assets name them",
                "--label",
                "texts",
                default=[],
            ),
        ),
        does="data_planes.add",
        roles=TRADERS,
        makes=True,
        lines=lambda row: [
            f"{row['plane']} moves data of ours from now on; it shows itself by",
            f"  Authorization: Bearer {row['token']}, which is shown this once, or by a token of its DID",
        ],
        form=False,
    ),
    Act(
        "dataplane list",
        "GET dataplanes",
        help="List the data planes of other makes that move data of ours.",
        says=("List the data planes that move data of ours.", "列出传输我方数据的数据面。"),
        answer={"planes": [MOVER]},
        example={},
        does="data_planes.page",
        roles=TRADERS,
        table=MOVERS,
        none="our own data plane moves everything: penstock dataplane add ID --endpoint ADDRESS --profile NAME",
    ),
    Act(
        "dataplane remove",
        "POST dataplanes/{plane}/remove",
        help="Have a data plane move nothing more; transfers that it has are ended first.",
        says=("Have the data plane {plane} move nothing more.", "不再由数据面 {plane} 传输数据。"),
        answer=MOVER,
        example=MOVES,
        fields=(MOVED_BY,),
        does="data_planes.remove",
        roles=TRADERS,
        lines=lambda row: [f"{row['plane']} is not registered here any more"],
    ),
)
