"""A program that is sold as a product: what its developer says of it, and that the compute room would run it.

    publish slope.wasm --application needs=age,revenue --application tells=slope:-10:10
    publish trend.question.json --application is=question

Law: (1) a file that a provider's compute room would not take is offered to nobody: it is compiled in a reader process,
as there, before anything is sealed. (2) Its digest is measured, and is said by nobody. (3) It is sold in the tiers in
which each use is opened, because a use is what its policy counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from connector.compute import saved as questions
from connector.compute.program import PROGRAM_BYTES_MAX, Program, digest_of, tells_of
from connector.compute.programmed import Rehearsed
from connector.runtime.errors import InvalidInput
from contracts.application import TIERS, Application
from contracts.errors import ContractError
from contracts.gate import Gate
from contracts.noise import EPSILON_MAX, Noise
from contracts.program import Programs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from catalog.dataset import Dataset
    from connector.custody.sources import Source

MEMBER: Final = "application"
NEEDS, TELLS, TAKES = "needs", "tells", "takes"
# what is sold is a question that was put together: its file says all of it
IS, QUESTION = "is", "question"
SAID: Final = (NEEDS, TELLS, TAKES, IS)
# members of a brief that say how data are shown, or cut
OTHERS: Final = ("api", "stream", "sample", "gate", "mask", "columns")
FORM: Final = {"form": "application"}
HINT: Final = "such as `--application needs=age,revenue --application tells=slope:-10:10`"
# of a program that is looked at, and not run
SECONDS: Final = 10
_ANY: Final = Noise(EPSILON_MAX, EPSILON_MAX)
_ROWS, _COLUMN = "select value from given", "value"
_UNMEASURED: Final = "sha-256:" + "0" * 64


def is_application(value: Any) -> bool:
    """Say whether a brief's member is one; raises InvalidInput with what is wrong."""
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        return False
    if odd := next((name for name in value if name not in SAID), None):
        raise InvalidInput(f"an application says nothing of `{odd[:60]}`", f"it says {', '.join(SAID)}, {HINT}")
    if IS in value:
        if value != {IS: QUESTION}:
            raise InvalidInput("a question says all of itself", f"say only `--application {IS}={QUESTION}`")
        return True
    _said(value, _UNMEASURED)
    return True


def check(brief: Mapping[str, Any]) -> None:
    """Refuse what is no program that can be sold; raises InvalidInput."""
    if not brief.get(MEMBER):
        return
    if told := next((name for name in OTHERS if brief.get(name)), None):
        raise InvalidInput(f"`{told}` is about data, and an application is a program", "leave it out")
    if brief["tier"] not in TIERS:
        text = f"in the tier {brief['tier']} nobody counts how often a program is run"
        raise InvalidInput(text, "publish with `--tier leased`, which its developer counts, or `--tier kept`")


def application_of(brief: Mapping[str, Any], source: Source) -> Application | None:
    """Return what is sold of a source, None where it is no program (blocking).

    Raises InvalidInput for what a compute room would not take, SettingsError where nothing here runs programs.
    """
    said = brief.get(MEMBER)
    if not said:
        return None
    if len(source.files) != 1:
        raise InvalidInput(f"an application is one program, and these are {len(source.files)} files", "name one file")
    [file] = source.files
    if not 0 < file.size <= PROGRAM_BYTES_MAX:
        raise InvalidInput(
            f"`{file.name}` has {file.size} bytes, and a program 1 to {PROGRAM_BYTES_MAX >> 10} KiB",
            "strip its names and its debugging parts",
        )
    with file.open() as stream:
        code = stream.read(PROGRAM_BYTES_MAX + 1)
    if IS in said:
        return _question(code)
    sold = _said(said, digest_of(code))
    tells = tuple(map(tells_of, _parts(said, TELLS)))
    program = Program(_ROWS, tells, tuple(least for _, least, _ in sold.takes), code=code)
    with Rehearsed(program, Gate((_COLUMN,), noise=_ANY, programs=Programs(SECONDS))) as run:
        run.foresee()
    return sold


def _question(content: bytes) -> Application:
    asked = questions.read(content)
    try:
        return Application(digest_of(content), asked.needs, (), (), asked.asks)
    except ContractError as fault:
        raise InvalidInput(f"this question is not sold: {fault}", "choose fewer columns, or leave less open") from fault


def member(dataset: Dataset) -> dict[str, Any]:
    """Return the member of the terms, empty where data are sold."""
    return {} if dataset.application is None else {MEMBER: dataset.application.json()}


def _said(said: Mapping[str, str], digest: str) -> Application:
    tells, takes = (
        tuple((one.name, float(one.least), float(one.most)) for one in map(tells_of, _parts(said, name)))
        for name in (TELLS, TAKES)
    )
    try:
        return Application(digest, tuple(_parts(said, NEEDS)), tells, takes)
    except ContractError as fault:
        raise InvalidInput(f"this is no application: {fault}", HINT) from fault


def _parts(said: Mapping[str, str], name: str) -> list[str]:
    return [one.strip() for one in said.get(name, "").split(",") if one.strip()]
