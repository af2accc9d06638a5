"""Questions to several providers at once: totals of what they have, and models made of totals."""

from __future__ import annotations

from typing import Any

from connector.client.acts.act import NULL, Act, Field
from connector.client.acts.queries import EPSILON, USE, bar, cells, table


def totalled(told: Any) -> list[str]:
    """Return what a person reads of totals over several: the cells as a table, and whose numbers are in them."""
    rows = [cells(row, off) for row, off in zip(told["rows"], told["margins"], strict=True)]
    left = [f"  {one['did']}  ε {one['epsilon']}, {one['left']} left" for one in told["members"]]
    missing = (
        [f"without {', '.join(told['missing'])}, who did not answer when it was asked first"] if told["missing"] else []
    )
    return [
        *table(told["columns"], rows),
        "",
        "totals with noise: 95 of 100 numbers are within these margins; nobody has seen the numbers of",
        *left,
        *missing,
        f"answered under the id {told['id']}, signed by each of its providers",
    ]


def modelled(told: Any) -> list[str]:
    """Return what a person reads of a model: a bar for what each feature may move, and how well it ranks."""
    most = max((abs(one["most"]) for one in told["features"]), default=0) or 1
    width = max(len(one["name"]) for one in told["features"])
    bars = [
        f"{one['name'].ljust(width)}  {bar(abs(one['most']) / most)}  {one['weight']:+.4g}" for one in told["features"]
    ]
    judged = (
        [f"ranks {100 * (told['ranked'] or 0):.1f} of 100 pairs of your {told['own']:,} rows rightly (AUC)"]
        if told["own"] is not None
        else []
    )
    missing = [f"without {', '.join(told['missing'])}, who did not answer"] if told["missing"] else []
    return [
        f"{told['label']} = {told['intercept']:.4g} and, for each more of",
        *bars,
        "",
        *judged,
        f"of some {told['rows']:,} rows, with noise; nobody has seen the numbers of one of {len(told['members'])}",
        *missing,
        f"answered under the id {told['id']}, signed by each of its providers",
    ]


TOTALLED = {
    "id": "text",
    "columns": ["text"],
    "rows": ["any"],
    "margins": ["any"],
    "members": [{"did": "text", "agreement": "text", "epsilon": "text", "left": "text"}],
    "missing": ["text"],
    "receipts": ["object"],
}
MODELLED = {
    "id": "text",
    "label": "text",
    "intercept": "any",
    "features": [{"name": "text", "weight": "any", "most": "any"}],
    "rows": "number",
    "own": "number?",
    "ranked": "any",
    **{name: TOTALLED[name] for name in ("members", "missing", "receipts")},
}
MANY = Field(
    "what", ("Products or agreements", "产品或合约"), "what was agreed on: one of each provider", "--of", kind="texts"
)
ACTS = (
    Act(
        "joint ask",
        "POST joints",
        help="Ask several providers at once for totals over all of them; nobody sees the numbers of one.",
        says=("Ask {what} together: {statement}", "联合统计 {what}:{statement}"),
        answer=TOTALLED,
        example={"what": ["firms-a", "firms-b", "firms-c"], "statement": "select count(*) as firms from firms"},
        fields=(
            MANY,
            Field("statement", ("Statement", "查询语句"), "one SELECT over one table: COUNT, SUM or AVG of cells"),
            Field("over", ("Values", "取值"), "the values of what makes a cell, such as district=A,B,C", "--over",
                  kind="pairs", default=NULL),
            EPSILON,
            *USE,
        ),
        does="asking_jointly.ask",
        roles="buyer",
        rehearse=True,
        verb="joint",
        typed='"select count(*) from firms" --of firms-a --of firms-b --of firms-c',
        tells="job",
        lines=totalled,
    ),
    Act(
        "model ask",
        "POST models",
        help="Make a model of what several providers have, from totals; nobody sees a row, or the numbers of one.",
        says=("Make a model of {label} from {what}.", "用 {what} 联合建立 {label} 的模型。"),
        answer=MODELLED,
        example={"what": ["firms-a", "firms-b", "firms-c"], "table": "firms", "label": "late", "features": ["age"]},
        fields=(
            MANY,
            Field("table", ("Table", "表"), "the table that each of them has"),
            Field("label", ("Label", "标签列"), "the column that is said, of 0 and 1 as a rule", "--label"),
            Field("features", ("Features", "特征列"), "a column by which it is said", "--feature", kind="texts"),
            Field("file", ("File", "文件"), "rows of one's own to judge it by: .csv, .parquet, .jsonl or .ndjson", None,
                  default=NULL, form=False),
            EPSILON,
            *USE,
        ),
        does="modelling.ask",
        roles="buyer",
        rehearse=True,
        verb="model",
        typed="firms --of firms-a --of firms-b --of firms-c --label late --feature age",
        tells="job",
        lines=modelled,
    ),
)  # fmt: skip
