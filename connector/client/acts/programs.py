"""Programs of one's own that are run where others' data are."""

from __future__ import annotations

from typing import Any

from connector.client.acts.act import NULL, Act, Field
from connector.client.acts.columns import Column
from connector.client.acts.queries import ANSWERED, EPSILON, USE, USED, WHAT, answered, used


def rehearsed(told: Any) -> list[str]:
    """Return what a person reads of a rehearsal: a line for each number, and what did not go well."""
    lines = []
    whole = told["blocks"] == 1
    for name, mean, spread, beyond in told["numbers"]:
        many = f"; of {beyond} blocks it was beyond its bounds" if beyond else ""
        off = f", beyond its bounds: {beyond} number" if beyond and whole else ""
        said = off if whole else f", from block to block ± {spread or 0:.2g}{many}"
        lines.append(f"{name}  none" if mean is None else f"{name}  {mean:.6g}{said}")
    failed = told["blocks"] - told["answered"]
    why = f"; {failed} failed, as of no rows, or by their time: {told['fault']}" if failed else ""
    opened = used(told)
    return [
        *lines,
        "",
        f"{told['answered']} of {told['blocks']} blocks answered{why}",
        *opened,
        f"nothing {'of the table ' if opened else ''}was sent",
    ]


def ran(told: Any) -> list[str]:
    """Return what a person reads of a run: its answer, and which use of an application it was."""
    return [*answered(told), *used(told)]


def assented(told: Any) -> list[str]:
    """Return what a person reads of an assent: what may be run, for whom, and until when."""
    said = told["document"]
    free = "any parameters" if "parameters" not in said else f"the parameters {', '.join(said['parameters']) or 'none'}"
    return [
        f"assent {told['assent']}",
        f"  program   {said['program']}",
        f"  rows      {said['statement']}",
        f"  tells     {', '.join(':'.join(one) for one in said['tells'])}, with {free}",
        f"  of        {said['product']} of {said['provider']}",
        f"  for       {said['buyer']}, until {said['until']}",
        f"  why       {said['why']}",
    ]


ROWS = Field("statement", ("Rows", "输入行"), "the numbers of each row it is given: a SELECT from one table")
MODULE = ("Program", "程序"), "a WebAssembly module, .wasm or .wat"
# kinds of files that the console has a browser send (`connector.compute.program_files`)
PROGRAM, ASSENT = "program", "assent"
REVIEWERS = "provider buyer regulator service"
SIGNED = {"assent": "text", "document": "object", "signature": "text"}
APPLICATION = Field(
    "application", ("Application", "数据应用"),
    "in place of a program: an application that was bought, by what was got, its agreement or its product; each run "
    "opens it, which is a use of it", "--application", default=NULL,
)  # fmt: skip
SOME_TELLS = (
    ("Tells", "输出"),
    "a number it tells and between what it lies: slope:-10:10; an application says it",
    "--tells",
)
RUN = (
    Field(
        "tells", ("Tells", "输出"), "a number it tells and between what it lies: slope:-10:10", "--tells", kind="texts"
    ),
    Field(
        "parameters",
        ("Parameters", "参数"),
        "numbers that it is given beside the rows",
        "--parameter",
        kind="texts",
        default=NULL,
    ),
    Field(
        "blocks",
        ("Blocks", "分块数"),
        "parts of the rows that it is run on, 10 to 2,000; default 100",
        "--blocks",
        kind="number",
        default=NULL,
    ),
)
ACTS = (
    Act(
        "program ask",
        "POST programs",
        help="Have a program of your own, an application that was bought, or an engine of the provider, run on data "
        "that stay there; it tells numbers.",
        says=(
            "Run {file}{engine}{application} on {what}: {statement}",
            "在 {what} 上运行程序 {file}{engine}{application}:{statement}",
        ),
        answer=ANSWERED | USED,
        example={
            "what": "firms",
            "statement": "select age, revenue from firms",
            "file": "/srv/slope.wasm",
            "tells": ["slope:-10:10"],
        },
        fields=(
            WHAT,
            ROWS,
            Field("file", *MODULE, None, default=NULL, upload=PROGRAM),
            Field("tells", *SOME_TELLS, kind="texts", default=NULL),
            *RUN[1:],
            Field("engine", ("Engine", "计算引擎"), "in place of a program: the provider's engine that its terms name",
                  "--engine", default=NULL),
            APPLICATION,
            Field("assent", ("Assent", "审查同意书"), "the file of a reviewer's assent: it runs once, told exactly",
                  None, default=NULL, upload=ASSENT),
            EPSILON,
            *USE,
        ),
        does="running.ask",
        roles="buyer",
        rehearse=True,
        verb="run",
        typed='firms "select age, revenue from firms" --with slope.wasm --tells slope:-10:10',
        tells="job",
        lines=ran,
    ),
    Act(
        "program assent",
        "POST programs/assents",
        help="Assent, as the reviewer whom the terms of a product name, to a program of a buyer: it may run once over "
        "all rows of the statement, and tell its numbers exactly.",
        says=(
            "Assent to the program {file} of {buyer} on {product}: {statement}",
            "同意 {buyer} 在 {product} 上运行程序 {file}:{statement}",
        ),
        answer=SIGNED,
        example={
            "product": "firms",
            "statement": "select age, revenue from firms",
            "file": "/srv/slope.wasm",
            "tells": ["slope:-10:10"],
            "buyer": "did:web:buyer.example",
            "provider": "did:web:grid.example",
            "until": "2027-06-30T00:00:00Z",
            "why": "a slope says nothing of one firm",
        },
        fields=(
            Field("product", ("Product", "产品"), "the id of the product"),
            ROWS,
            Field("file", *MODULE, None, upload=PROGRAM),
            RUN[0],
            Field("parameters", ("Parameters", "参数"), "the numbers that it is given beside the rows, and no others",
                  "--parameter", kind="texts", default=NULL),
            Field("free", ("Any parameters", "参数不限"), "assent to whatever parameters it is given",
                  "--any-parameter", "truth", default=False),
            Field("buyer", ("Buyer (DID)", "需求方 DID"),
                  "whom it is run for; any: whoever asks, such as all who bought an application", "--for"),
            Field("provider", ("Provider (DID)", "提供方 DID"), "whose connector runs it", "--of"),
            Field("until", ("Until", "截止时间"), "until when it may be run, RFC 3339 with a time zone", "--until"),
            Field("why", ("Why", "理由"), "what was looked at, and why it may be told; all sides read it", "--why"),
        ),
        does="assents.give",
        roles=REVIEWERS,
        rehearse=True,
        makes=True,
        typed='firms "select age, revenue from firms" --with slope.wasm --tells slope:-10:10 '
        "--for did:web:buyer.example --of did:web:grid.example --until 2027-06-30T00:00:00Z "
        '--why "a slope says nothing of one firm" --out assent.json',
        lines=assented,
    ),
    Act(
        "assent list",
        "GET programs/assents",
        help="List the programs that we assented to as their reviewer, the newest first.",
        says=("List the assents that we gave.", "列出本方给出的审查同意书。"),
        answer={"assents": [{
            "assent": "text", "product": "text", "provider": "text", "buyer": "text", "program": "text",
            "statement": "text", "until": "text", "why": "text", "state": "text", "given": "text",
        }]},
        example={},
        fields=(
            Field("first", ("Leave out", "跳过"), "leave out so many, the newest", "--first", "number", 0, least=0),
        ),
        does="assents.page",
        roles=REVIEWERS,
        verb="program assents",
        table=(
            Column("GIVEN", "given", is_moment=True),
            Column("PRODUCT", "product"),
            Column("FOR", "buyer"),
            Column("UNTIL", "until", is_moment=True),
            Column("STATE", "state"),
            Column("ASSENT", "assent", is_id=True),
            Column("OF", "provider", long=True),
            Column("PROGRAM", "program", long=True),
            Column("ROWS", "statement", long=True),
            Column("WHY", "why", long=True),
        ),
        none="nothing was assented to: penstock program assent",
    ),
    Act(
        "assent show",
        "GET programs/assents/{assent}",
        help="Show an assent that we gave, as we signed it; with --out write it into a file, for its buyer.",
        says=("Show the assent {assent}.", "显示审查同意书 {assent}。"),
        answer=SIGNED,
        example={"assent": "5f" * 32},
        fields=(
            Field("assent", ("Assent", "同意书"), "its digest in `program assents`", of="assent"),
        ),
        does="assents.show",
        roles=REVIEWERS,
        verb="program show",
        lines=assented,
    ),
    Act(
        "program rehearse",
        "POST programs/rehearsals",
        help="Run a program of your own on a table of your own, as a provider would, without noise; nothing is sent.",
        says=(
            "Rehearse {file}{application} on {on}: {statement}", "在 {on} 上试运行程序 {file}{application}:{statement}",
        ),
        answer={"blocks": "number", "answered": "number", "seconds": "text", "numbers": ["any"], "fault": "text"}
        | USED,
        example={
            "on": "/srv/mine.csv",
            "statement": "select age, revenue from mine",
            "file": "/srv/slope.wasm",
            "tells": ["slope:-10:10"],
        },
        fields=(
            Field("on", ("Table", "表"), "a table of one's own: .csv, .parquet, .jsonl or .ndjson", None),
            ROWS,
            Field("file", *MODULE, None, default=NULL),
            Field("tells", *SOME_TELLS, kind="texts", default=NULL),
            *RUN[1:],
            Field("key", ("Subject", "主体列"), "the column that says whom a row is about", "--key", default=NULL),
            Field("seconds", ("Seconds", "秒数"), "what a run is given, as the terms will say; default 10", "--seconds",
                  kind="number", default=NULL),
            Field("whole", ("All rows at once", "整体运行"), "run it once, over all rows, as with a reviewer's assent",
                  "--whole", "truth", default=False),
            APPLICATION,
            Field("purpose", ("Purpose", "用途"), "of an application: what it is opened for; default: as it was got",
                  "--purpose", default=NULL),
        ),
        does="running.rehearse",
        roles="buyer",
        verb="rehearse",
        typed='"select age, revenue from mine" --on mine.csv --with slope.wasm --tells slope:-10:10',
        form=False,
        lines=rehearsed,
    ),
)  # fmt: skip
