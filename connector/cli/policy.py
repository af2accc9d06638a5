"""`penstock policy`: explain, decide and translate a policy in a file; no server, no state.

Verbs that look at several policies together are in policy_compare.py.
"""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from connector.cli.options import AsJson, Document, Language, file_option, folder_option
from connector.cli.speak import answer, finish

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from policy.decision import Decision
    from policy.idle import IdleRule
    from policy.model import Policy

T = TypeVar("T")
app = typer.Typer(help="Check, explain, compare, decide and translate policies, offline.", no_args_is_help=True)

PolicyFile = Annotated[Path, file_option("--policy", "the policy, ODRL as JSON-LD or Turtle")]
RequestFile = Annotated[Path, file_option("--request", "assignee, action, target, context")]
Parents = Annotated[list[Path] | None, file_option("--parent", "a policy that this one inherits from; repeat for each")]
WorldFile = Annotated[Path, file_option("--world", "now, partOf, duties, counters, performed")]


def _until_the_end(context: typer.Context, files: list[Path] | None) -> list[Path] | None:
    """Have what a verb registers forgotten when it ends; the profiles are read by `said`."""

    def forget() -> None:
        while REGISTERED:
            REGISTERED.pop()()

    context.call_on_close(forget)
    return files


Profiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--profile",
        help="the profile of others that it is under (docs/policy.md); repeat for each",
        exists=True,
        dir_okay=False,
        readable=True,
        callback=_until_the_end,
    ),
]
# what takes back each profile that the verb under way registered
REGISTERED: list[Callable[[], None]] = []

# outcome → exit code (connector.runtime.fault_table.EXIT_CODES)
EXIT_CODES = {"allow": 0, "conditional": 10, "deny": 3, "default-deny": 3}

EXAMPLE_FILES = ("policy", "request", "world")


class Form(StrEnum):
    """The forms that a policy is translated to."""

    TC609 = "tc609"
    ODRL = "odrl"


async def said(work: Coroutine[Any, Any, T], lang: Language, profiles: Sequence[Path] | None = None) -> T:
    """Do it, with the operands of these profiles; a document that is refused is refused in the language asked for."""
    from policy.errors import PolicyError  # noqa: PLC0415  # loaded when the verb runs

    try:
        for file in profiles or ():
            register(file)
        return await work
    except PolicyError as refusal:
        if lang is Language.EN:
            raise
        from policy.words.refusing import in_chinese  # noqa: PLC0415  # loaded when the verb runs

        raise in_chinese(refusal) from refusal
    finally:
        work.close()  # where a profile was refused it never began


@app.command()
def explain(
    file: Document,
    lang: Annotated[Language, typer.Option(help="the language to explain in")] = Language.EN,
    parent: Parents = None,
    profile: Profiles = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Say the policy in FILE in sentences.

    For example: penstock policy explain policy.json --lang zh
    """

    async def work() -> list[str]:
        from policy.words.speak import explain as say  # noqa: PLC0415  # loaded when the verb runs

        return say(await read_policy(file, parent or ()), lang.value)

    sentences = finish(said(work(), lang, profile), as_json=as_json)
    answer({"lang": lang.value, "sentences": sentences}, sentences, as_json=as_json)


@app.command()
def example(
    operand: Annotated[str, typer.Argument(help="a left operand, such as count")],
    to: Annotated[Path, folder_option("--to", "where to write policy.json, request.json and world.json")] = Path(),
    *,
    refused: Annotated[bool, typer.Option("--refused", help="the question that the policy stops")] = False,
    as_json: AsJson = False,
) -> None:
    """Write an example of a left operand, ready to be decided.

    For example: penstock policy example count --to /tmp/count
    """
    finish(write_example(operand, to, holds=not refused), as_json=as_json)
    files = {name: str(to / f"{name}.json") for name in EXAMPLE_FILES}
    words = " ".join(f"--{name} {path}" for name, path in files.items())
    answer({"operand": operand, "files": files}, [f"penstock policy decide {words}"], as_json=as_json)


@app.command()
def decide(
    policy: PolicyFile,
    request: RequestFile,
    world: WorldFile,
    parent: Parents = None,
    profile: Profiles = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Decide a request in a world: allow 0, conditional 10, deny and default-deny 3, invalid 2.

    For example: penstock policy decide --policy p.json --request r.json --world w.json
    """
    work = said(judge(policy, request, world, parent or ()), Language.EN, profile)
    decision, resting = finish(work, as_json=as_json)

    from policy.words.idle import idle, idle_json  # noqa: PLC0415  # loaded when the verb runs

    outcome = decision.outcome.value
    lines = [outcome, *(f"  {reason.text}" for reason in decision.reasons)]
    lines += [f"  to do first: {duty.action} ({duty.id})" for duty in decision.outstanding]
    lines += [f"  {idle(rule)}" for rule in resting]
    answer({**decision.as_json(), "idle": [idle_json(rule) for rule in resting]}, lines, as_json=as_json)
    if EXIT_CODES[outcome]:
        raise typer.Exit(EXIT_CODES[outcome])


@app.command()
def translate(
    file: Document,
    to: Annotated[Form, typer.Option(help="strategies designed after TC609-6-2025-14, or ODRL from them")],
    profile: Profiles = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Write the policy in FILE in the other form, without loss.

    For example: penstock policy translate --to tc609 policy.json
    """

    async def work() -> dict[str, object]:
        from connector.runtime.documents import read, read_json  # noqa: PLC0415  # loaded when the verb runs
        from policy.forms.document import read as read_form  # noqa: PLC0415  # loaded when the verb runs
        from policy.tc609.translate import CONTEXT, to_odrl, to_tc609  # noqa: PLC0415  # loaded when the verb runs

        if to is Form.TC609:
            return to_tc609(read_form(read(file)))
        return {"@context": list(CONTEXT)} | to_odrl(read_json(file))

    document = finish(said(work(), Language.EN, profile), as_json=as_json)
    answer(document, json.dumps(document, ensure_ascii=False, indent=2).splitlines(), as_json=as_json)


async def read_policy(path: Path, parents: Sequence[Path] = ()) -> Policy:
    """Read and parse a policy file and the parents it inherits from; PolicyError says where and what."""
    from connector.runtime.documents import read  # noqa: PLC0415  # loaded when the verb runs
    from policy.errors import PolicyError  # noqa: PLC0415  # loaded when the verb runs
    from policy.forms.document import read as read_form  # noqa: PLC0415  # loaded when the verb runs
    from policy.parse import parse  # noqa: PLC0415  # loaded when the verb runs

    data = read(path)
    known = [read_form(read(parent)) for parent in parents]
    try:
        return parse(read_form(data), {str(parent.get("@id")): parent for parent in known})
    except PolicyError as error:
        # several files may be named in one command
        raise PolicyError(error.code, error.path, f"`{path.name}`: {error.problem}", error.hint) from error


def register(file: Path) -> None:
    """Know the operands of a profile until the verb ends; PolicyError says what is wrong with its file."""
    from connector.runtime.documents import read_json  # noqa: PLC0415  # loaded when the verb runs
    from policy.errors import PolicyError  # noqa: PLC0415  # the same
    from policy.vocabulary import registered  # noqa: PLC0415  # the same

    try:
        profile = registered.read(read_json(file))
        registered.add(profile)
    except PolicyError as error:
        raise PolicyError(error.code, error.path, f"`{file.name}`: {error.problem}", error.hint) from error
    REGISTERED.append(lambda: registered.remove(profile.iri))


async def write_example(operand: str, folder: Path, *, holds: bool) -> None:
    """Write the three files of an example; PolicyError for an operand that nobody knows."""
    import orjson  # noqa: PLC0415  # loaded when the verb runs

    from connector.runtime import files  # noqa: PLC0415  # loaded when the verb runs
    from policy.examples import example as example_of  # noqa: PLC0415  # loaded when the verb runs

    documents = example_of(operand, holds=holds)
    folder.mkdir(parents=True, exist_ok=True)
    for name, document in zip(EXAMPLE_FILES, documents, strict=True):
        files.write_atomic(folder / f"{name}.json", orjson.dumps(document, option=orjson.OPT_INDENT_2))


async def judge(
    policy: Path, request: Path, world: Path, parents: Sequence[Path] = ()
) -> tuple[Decision, tuple[IdleRule, ...]]:
    """Decide with three files and the parents of the policy, and list the rules that do not apply."""
    from connector.runtime.documents import read_json  # noqa: PLC0415  # loaded when the verb runs
    from policy.compile import compile_policy  # noqa: PLC0415  # loaded when the verb runs
    from policy.decide import decide as decided  # noqa: PLC0415  # loaded when the verb runs
    from policy.idle import idle_rules  # noqa: PLC0415  # loaded when the verb runs
    from policy.request import Request  # noqa: PLC0415  # loaded when the verb runs
    from policy.world import World  # noqa: PLC0415  # loaded when the verb runs

    compiled = compile_policy(await read_policy(policy, parents))
    asked, known = Request.from_json(read_json(request)), World.from_json(read_json(world))
    return decided(compiled, asked, known), idle_rules(compiled, asked, known)
