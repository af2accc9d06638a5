"""Statements over data that stay at their provider: asked, and what was answered to them."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from connector.client.acts.acquisitions import SAID
from connector.client.acts.act import NULL, Act, Field
from connector.client.acts.columns import Column
from connector.client.acts.money import money

if TYPE_CHECKING:
    from collections.abc import Sequence


def answered(told: Any) -> list[str]:
    """Return what a person reads of an answer: its rows as a table, and who signed it."""
    margins = told.get("margins") or [[]] * len(told["rows"])
    rows = [cells(row, off) for row, off in zip(told["rows"], margins, strict=True)]
    noisy = told.get("epsilon") is not None
    held = [LEFT_OUT.format(told["needs"]) if noisy else HELD_BACK] if told["heldBack"] else []
    cost = [f"with noise: 95 of 100 numbers are within these margins; ε {told['epsilon']}, {told['left']} left"]
    by = told["receipt"].get("assent")
    return [
        *table(told["columns"], rows),
        "",
        *held,
        *(cost if noisy else []),
        *([f"exactly, by the assent {by} of its reviewer"] if by else []),
        *([f"attested: {told['attested']}"] if told.get("attested") else []),
        f"answered under the id {told['id']}, signed by its provider",
    ]


def chosen(told: Any) -> list[str]:
    """Return the same of a question that was put together, below the statement that was made of it."""
    return [*([told["made"], ""] if told.get("made") else []), *answered(told), *used(told)]


def used(told: Any) -> list[str]:
    """Return the line that says which use of an application it was, nothing where it was of none."""
    use = told.get("application")
    return [] if use is None else [f"the application was opened: opening {use['opening']}, charged {use['charged']}"]


def looked_up(told: Any) -> list[str]:
    """Return what a person reads of subjects that were looked up: their rows, how many are there, and what is paid."""
    # a part has a receipt, and another one of the rows of those who are there, where these are paid
    parts = sum("matched" not in one for one in told["receipts"])
    many = f", in {parts} parts" if parts > 1 else ""
    return [
        *table(told["columns"], [cells(row, []) for row in told["rows"]]),
        "",
        f"{told['there']} of {told['asked']} keys are there, {told['paid']} are paid",
        f"answered under the id {told['id']}{many}, signed by its provider",
    ]


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table, its head first."""
    widths = [max(map(len, [name, *(row[at] for row in rows)])) for at, name in enumerate(columns)]
    lines = [columns, *rows]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in lines]


def cells(row: list[Any], margins: list[Any]) -> list[str]:
    """Return a row as a person reads it: each number with how far it is off at most, where it has noise."""
    off = margins or [None] * len(row)
    cells = zip(row, off, strict=True)
    told = [(TRUTH.get(cell, cell) if isinstance(cell, bool) else cell, by) for cell, by in cells]
    return ["" if cell is None else f"{cell}{'' if by is None else f' ± {by:g}'}" for cell, by in told]


def fitted(told: Any) -> list[str]:
    """Return what a person reads of a fitting: a line for each group and question, with a bar for its share."""
    lines = []
    for group, column, keys, covered, low, high, *age in told["rows"]:
        if any(age):  # told as a share of those that are covered
            continue
        about = f"have `{column}`" if column else "are covered"
        share = f"{100 * covered / keys:.0f} % ({100 * low / keys:.0f}-{100 * high / keys:.0f} %)"
        lines.append(f"{bar(covered / keys)}  {share} of {keys:,} keys{f' in {group}' if group else ''} {about}")
    lines += [line for one in told.get("freshness", ()) for line in _aged(one)]
    lines += [_each(told["price"])] if told.get("price") else []
    return [*lines, "", "estimates, 95 of 100 within these limits: of no single key it is told for certain",
            f"answered under the id {told['id']}, signed by its provider", *_next(told)]  # fmt: skip


def _next(told: Any) -> list[str]:
    """Return how the product is got whose price was told, so that the request names the trial."""
    price = told.get("price")
    if not price or price["why"]:
        return []
    return [f"next: penstock get {shlex.quote(price['product'])} --tried {shlex.quote(told['id'])} --purpose TERM"]


def _aged(told: Any) -> list[str]:
    """Return how old what is covered is: a line for each age, and the median with its limits."""
    of = f" in {told['group']}" if told["group"] else ""
    when = f"on {told['sealed']}, when the edition was sealed"
    if not told["ages"]:
        return [f"too few are covered{of} to say how old `{told['column']}` was {when}"]
    lines = []
    for one in told["ages"]:
        share = f"{100 * one['share']:.0f} % ({100 * one['low']:.0f}-{100 * one['high']:.0f} %)"
        about = f"{share} of those covered{of} have `{told['column']}` of at most {one['days']} days"
        lines.append(f"{bar(one['share'])}  {about}")
    oldest = told["ages"][-1]["days"]
    half = f"older than {oldest} days" if told["median"] is None else f"{told['median']} days"
    limits = f"{told['low']} and more" if told["high"] is None else f"{told['low']}-{told['high']}"
    return [*lines, f"median age{of} {half} ({limits}) {when}; who has no date counts as older"]


def _each(told: Any) -> str:
    """Return what one covered subject comes to, or why that cannot be said."""
    if told["each"] is None:
        return f"what one covered subject of {told['product']} costs cannot be said: {told['why']}"
    each, low = (money(told[name], told["currency"]) for name in ("each", "low"))
    limits = f"{low} and more" if told["high"] is None else f"{low} to {money(told['high'], told['currency'])}"
    return f"{each} per covered subject ({limits}): {told['sum']} for all of {told['product']} ({told['price']})"


def budgeted(told: Any) -> list[str]:
    """Return what a person reads of the budgets of noise: a line and a bar for each buyer of each product."""
    found = []
    for one in told.get("budgets", ()):
        spent = f"{bar(one['percent'] / 100)}  ε {one['spent']} of {one['budget']}"
        found.append(f"{spent} was told of {one['product']} to {one['peer']}")
    return found


def bar(share: float) -> str:
    """Return a bar for a share of one."""
    return f"{'█' * round(BAR * min(1, share)):░<{BAR}}"


BAR = 20
TRUTH = {True: "yes", False: "no"}
HELD_BACK = "some groups are held back: too few are in them, or one is most of them"
LEFT_OUT = "groups of fewer than some {} subjects are left out, if there are any"
ANSWERED = {
    "agreement": "text",
    "id": "text",
    "edition": "text",
    "columns": ["text"],
    "rows": ["any"],
    "heldBack": "truth",
    "margins": ["any"],
    "needs": "number?",
    "epsilon": "text?",
    "left": "text?",
    "confined": ["text"],
    "attested": "text?",
    "evidence": "object?",
    "receipt": "object",
}
FITTED = ANSWERED | {
    "receipts": ["object"],
    "sealed?": "text",
    "freshness?": [{
        "group": "text", "column": "text", "sealed": "text", "median": "number?", "low": "number", "high": "number?",
        "ages": [{"days": "number", "share": "any", "low": "any", "high": "any"}],
    }],
    "price?": {
        "product": "text", "price": "text", "sum": "text", "amount": "digits", "currency": "text",
        "each": "digits?", "low": "digits?", "high": "digits?", "why": "text",
    },
}  # fmt: skip
LOOKED_UP = {
    "agreement": "text",
    "id": "text",
    "edition": "text",
    "columns": ["text"],
    "rows": ["any"],
    "asked": "number",
    "there": "number",
    "paid": "number",
    "confined": ["text"],
    "receipts": ["object"],
}
WHAT = Field("what", ("Product or agreement", "产品或合约"), "what was agreed on: an agreement, or a product")
EPSILON = Field(
    "epsilon", ("How much it tells (ε)", "披露量(ε)"),
    "how much the answer may tell, where its terms leave a choice, such as 1.4; more is exacter", "--epsilon",
    default=NULL,
)  # fmt: skip
# which use of an application it was
USED = {"application?": {"agreement": "text", "opening": "number?", "charged": "digits"}}
CHOICES = (
    Field("count", ("Count the rows", "统计行数"), "instead of a statement: count the rows", "--count", "truth", NULL,
          form=False),
    Field("subjects", ("Count the subjects", "统计主体数"), "count whom rows are about", "--subjects", "truth", NULL,
          form=False),
    Field("sums", ("Sum", "求和"), "a column to sum; may be repeated", "--sum", "texts", NULL, sent="sum",
          metavar="COLUMN", form=False),
    Field("averages", ("Average", "求平均"), "a column to average; may be repeated", "--average", "texts", NULL,
          sent="average", metavar="COLUMN", form=False),
    Field("by", ("By", "分组"), "a column that makes groups, days cut as in opened:month; may be repeated", "--by",
          "texts", NULL, metavar="COLUMN", form=False),
    Field("where", ("Only rows where", "筛选条件"), 'only rows with it, such as "year >= 2023"; may be repeated',
          "--where", "texts", NULL, form=False),
    Field("table", ("Table", "表"), "the table that is chosen from, where there are several", "--table", default=NULL,
          form=False),
)  # fmt: skip
BOUGHT = (
    Field("application", ("Application", "数据应用"), "instead: a question that was bought, by what was got, its "
          "agreement or its product; each answer opens it, a use of it", "--application", default=NULL),
    Field("values", ("Its values", "参数值"), "a value that it leaves open, name=value; may be repeated", "--set",
          "pairs", NULL, sent="set"),
)  # fmt: skip
USE = (
    Field("purpose", ("Purpose", "用途"), "default: that of the agreement", "--purpose", default=NULL),
    SAID,
    Field("job", ("Id", "编号"), "an id of yours: asked again it brings the same answer", "--id", default=NULL),
)
ACTS = (
    Act(
        "query ask",
        "POST queries",
        help="Ask data that stay at their provider: a SELECT of groups and what is counted in them, or what is chosen.",
        says=("Ask {what}: {statement}", "查询 {what}:{statement}"),
        answer=ANSWERED | USED | {"made": "text?"},
        example={"what": "firms", "statement": "select district, count(*) from firms group by district"},
        fields=(
            WHAT,
            Field(
                "statement", ("Statement", "查询语句"), "one SELECT over one table: COUNT, SUM or AVG of groups",
                default=NULL,
            ),
            *CHOICES,
            *BOUGHT,
            EPSILON,
            Field(
                "at_most", ("CPU seconds at most", "CPU 秒上限"),
                "CPU seconds that it may take, where these have the price: what is quoted, and never exceeded",
                "--at-most", default=NULL, sent="atMost",
            ),
            *USE,
        ),
        does="choosing.ask",
        roles="buyer",
        rehearse=True,
        verb="query",
        tells="job",
        lines=chosen,
    ),
    Act(
        "fitting ask",
        "POST fittings",
        help="Try how much of a list of your own a product covers; neither side sees the other's keys.",
        says=("Try how much of {file} {what} covers.", "试算 {what} 对 {file} 的覆盖率。"),
        answer=FITTED,
        example={"what": "firms", "file": "/srv/mine.csv", "key": "firm"},
        fields=(
            WHAT,
            Field("file", ("File", "文件"), "the list: .csv, .parquet, .jsonl or .ndjson", None),
            Field("key", ("Key", "键列"), "its column of keys, written as the provider writes its subjects", "--key"),
            Field("group", ("Group", "分组列"), "answer for each value of this column, such as a label", "--group",
                  default=NULL),
            Field("table", ("Table", "表"), "the product's table, where it has several", "--table", default=NULL),
            Field(
                "delivered", ("Delivered product", "交付产品"),
                "say what one covered subject costs of this product of the same provider, which is delivered",
                "--for", default=NULL,
            ),
            *USE,
        ),
        does="fitting.ask",
        roles="buyer",
        rehearse=True,
        verb="try",
        typed="firms --with mine.csv --key firm",
        form=False,
        lines=fitted,
    ),
    Act(
        "lookup ask",
        "POST lookups",
        help="Look up subjects of data that stay at their provider, who does not see which.",
        says=("Look up {keys} in {what}.", "在 {what} 中匿名查询 {keys}。"),
        answer=LOOKED_UP,
        example={"what": "firms", "keys": ["F007"]},
        fields=(
            WHAT,
            Field("keys", ("Keys", "键"), "keys of subjects, written as the provider writes them", kind="texts",
                  default=NULL),
            Field("file", ("File", "文件"), "a list of keys instead: .csv, .parquet, .jsonl or .ndjson", None,
                  default=NULL, form=False),
            Field("key", ("Key", "键列"), "the list's column of keys", "--key", default=NULL, form=False),
            Field("table", ("Table", "表"), "the product's table, where it has several", "--table", default=NULL),
            *USE,
        ),
        does="looking_up.ask",
        roles="buyer",
        rehearse=True,
        verb="lookup",
        tells="job",
        lines=looked_up,
    ),
    Act(
        "query cancel",
        "POST queries/cancel",
        help="Take back what is asked and not answered; it costs nothing, and may be asked again under its id.",
        says=("Cancel {job} of {what}.", "取消对 {what} 的查询 {job}。"),
        answer={"agreement": "text", "id": "text", "cancelled": "number"},
        example={"what": "firms", "job": "one"},
        fields=(
            WHAT,
            Field("job", ("Id", "编号"), "the id under which it is asked"),
        ),
        does="querying.cancel",
        roles="buyer",
        rehearse=True,
        verb="admin cancel",
    ),
    Act(
        "query list",
        "GET queries",
        help="List what was asked of data that stay at their provider, the newest first.",
        says=("List what was asked.", "列出已发出的查询。"),
        answer={"statements": [{
            "agreement": "text", "id": "text", "statement": "text", "asked": "text", "answered": "text?",
            "rows": "number?", "billed": "text", "attested": "text",
        }]},
        example={},
        fields=(
            Field("what", ("Of", "产品或合约"), "only of this product or agreement", "--of", default=NULL),
        ),
        does="querying.asked",
        roles="buyer",
        verb="admin queries",
        table=(
            Column("ID", "id", is_id=True),
            Column("ASKED", "asked", is_moment=True),
            Column("ROWS", "rows"),
            Column("BILLED", "billed"),
            Column("ATTESTED", "attested", rare=True),
            Column("STATEMENT", "statement"),
        ),
        none="nothing was asked",
    ),
    Act(
        "computation list",
        "GET computations",
        help="List what was asked of our data that stay here, by whom, and how it ended.",
        says=("List what was asked of our data.", "列出对本方数据的查询。"),
        answer={"computations": [{
            "product": "text", "peer": "text", "agreement": "text", "id": "text", "statement": "text",
            "digest": "text", "purpose": "text", "state": "text", "reason": "text", "rows": "number?",
            "epsilon": "text?", "billed": "text", "attested": "text", "began": "text", "ended": "text?",
        }], "budgets": [{"product": "text", "peer": "text", "spent": "text", "budget": "text", "percent": "number"}]},
        example={},
        fields=(
            Field("product", ("Product", "产品"), "only of this product", "--of", default=NULL),
        ),
        does="computations.page",
        roles="provider",
        verb="admin computations",
        table=(
            Column("BEGAN", "began", is_moment=True),
            Column("PRODUCT", "product"),
            Column("STATE", "state"),
            Column("ROWS", "rows"),
            Column("ε", "epsilon", long=True),
            Column("BILLED", "billed", long=True),
            Column("ATTESTED", "attested", rare=True),
            Column("STATEMENT", "statement"),
            Column("WHO", "peer", long=True),
            Column("ID", "id", long=True),
        ),
        none="nothing was asked: penstock publish --tier computed",
        lines=budgeted,
    ),
)  # fmt: skip
