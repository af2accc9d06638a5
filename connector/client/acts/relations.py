"""What two have of the same subjects, related."""

from __future__ import annotations

from typing import Any

from connector.client.acts.act import NULL, Act, Field
from connector.client.acts.joints import MANY
from connector.client.acts.queries import USE, bar


def related(told: Any) -> list[str]:
    """Return what a person reads of a relation: how many rows both have, and a bar for what each number may move."""
    most = max((abs(one["most"]) for one in told["features"]), default=0) or 1
    width = max((len(one["name"]) for one in told["features"]), default=0)
    bars = [
        f"{one['name'].ljust(width)}  {bar(abs(one['most']) / most)}  {one['weight']:+.4g}  of {one['of']}"
        for one in told["features"]
    ]
    left = [f"  {one['agreement'][:16]}…  ε {one['epsilon']}, {one['left']} left" for one in told["sides"]]
    return [
        f"{told['label']}, of {told['of']}, = {told['intercept']:.4g} and, for each more of",
        *bars,
        "",
        f"it has {100 * told['explained']:.0f} % of what varies in {told['label']}",
        f"of some {told['rows']:,} ± {told['off']:,} rows that both have, with noise; nobody has seen a row, nor which",
        *left,
        f"answered under the id {told['id']}, signed by each of its providers",
    ]


ACTS = (
    Act(
        "relation ask",
        "POST relations",
        help="Relate what two have of the same subjects: how many both have, and how a number moves with the others.",
        says=("Relate {label} to what {what} have.", "将 {label} 与 {what} 的数据关联。"),
        answer={
            "id": "text",
            "label": "text",
            "of": "text",
            "rows": "number",
            "off": "number",
            "explained": "any",
            "intercept": "any",
            "features": [{"name": "text", "of": "text", "weight": "any", "most": "any"}],
            "sides": [{"agreement": "text", "epsilon": "text", "left": "text"}],
            "receipts": ["object"],
        },
        example={"what": ["bank", "grid"], "label": "late", "numbers": ["late:0:1", "kwh:0:4000"]},
        fields=(
            MANY,
            Field("label", ("Label", "标签列"), "the number that is said by the others", "--label"),
            Field(
                "numbers",
                ("Numbers", "数值列"),
                "a column and between what it lies: kwh:0:4000; the label, too",
                "--number",
                kind="texts",
            ),
            Field("file", ("File", "文件"), "a table of one's own: .csv, .parquet, .jsonl or .ndjson", None,
                  default=NULL, form=False),
            Field("key", ("Key", "主键列"), "its column of keys", "--key", default=NULL, form=False),
            Field("buckets", ("Buckets", "桶数"), "of each sketch; as many as the terms say", "--buckets",
                  kind="number", default=NULL),
            *USE,
        ),
        does="relating.ask",
        roles="buyer",
        rehearse=True,
        verb="relate",
        typed="--of bank --of grid --label late --number late:0:1 --number kwh:0:4000",
        tells="job",
        lines=related,
    ),
)  # fmt: skip
