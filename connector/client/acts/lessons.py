"""Labels of one's own, learned from what a provider has of the same subjects."""

from __future__ import annotations

from typing import Any

from connector.client.acts.act import NULL, Act, Field
from connector.client.acts.queries import USE, WHAT, bar


def learned(told: Any) -> list[str]:
    """Return what a person reads of a model: a bar for what each number may move, and of how many it is."""
    most = max((abs(one["most"]) for one in told["features"]), default=0) or 1
    width = max((len(one["name"]) for one in told["features"]), default=0)
    bars = [
        f"{one['name'].ljust(width)}  {bar(abs(one['most']) / most)}  {one['weight']:+.4g}" for one in told["features"]
    ]
    return [
        f"the odds of {told['label']} = 1 are e to the power of {told['intercept']:.4g} and, for each more of",
        *bars,
        "",
        f"of some {told['rows']:,} ± {told['off']:,} keys that {told['of']} has, {told['ones']:,} with the label",
        "nobody has seen a row, nor whose label is which",
        f"  {told['agreement'][:16]}…  {told['questions']} answers of ε {told['epsilon']} each, {told['left']} left",
        f"answered under the id {told['id']}, signed by its provider, who has seen the model and no label",
    ]


ACTS = (
    Act(
        "lesson ask",
        "POST lessons",
        help="Learn a label of one's own (0 or 1) from what a provider has of the same subjects: a logistic model.",
        says=("Learn {label} from what {what} has.", "用 {what} 的数据学习标签 {label}。"),
        answer={
            "id": "text",
            "label": "text",
            "of": "text",
            "rows": "number",
            "ones": "number",
            "off": "number",
            "intercept": "any",
            "features": [{"name": "text", "weight": "any", "most": "any"}],
            "agreement": "text",
            "questions": "number",
            "epsilon": "text",
            "left": "text",
            "receipts": ["object"],
        },
        example={
            "what": "used",
            "file": "/srv/mine.csv",
            "key": "firm",
            "label": "late",
            "numbers": ["kwh:0:4000", "age:0:80"],
        },
        fields=(
            WHAT,
            Field("file", ("File", "文件"), "a list of one's own: .csv, .parquet, .jsonl or .ndjson", None),
            Field("key", ("Key", "键列"), "its column of keys, written as the provider writes its subjects", "--key"),
            Field("label", ("Label", "标签列"), "its column of labels, 0 or 1", "--label"),
            Field(
                "numbers",
                ("Numbers", "数值列"),
                "a column of the provider and between what it lies: kwh:0:4000",
                "--number",
                kind="texts",
            ),
            Field("rounds", ("Rounds", "轮数"), "each is one answer more; three where none is said", "--rounds",
                  kind="number", default=NULL),
            Field("table", ("Table", "表"), "which of its tables, where it is not called as the product", "--table",
                  default=NULL),
            *USE,
        ),
        does="learning.ask",
        roles="buyer",
        rehearse=True,
        verb="learn",
        typed="used --key firm --label late --number kwh:0:4000 --number age:0:80",
        tells="job",
        lines=learned,
        form=False,
    ),
)  # fmt: skip
