"""Cases of deliveries by NDI-TR-2025-05: calls and pulls by headers, pushes, and what each refusal says.

Law: no contract is in force between who runs them and who is tried, so nothing may be delivered; what is looked at is
that each wrong header is refused for what it is, with a return code. The text names no path: where ours is not answered
by a return code the cases of its headers are `unclear`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from connector.operation.ndi.case import FAILED, PASSED, UNCLEAR, Case, short
from contracts.ndi.delivery import CALLED, PULLED, PUSH, TRANSPORT
from contracts.ndi.fields import Code

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from contracts.ndi.fields import Field

    # method, path, headers, body → status and answer
    Send = Callable[[str, str, Mapping[str, str], bytes], Awaitable[tuple[int, Any]]]

CALL, CALL_PATH = "B.1", "/apiCall/nothing"
PULL, PULL_PATH = "B.5", "/bulkPull"
FALSE_DIGEST: Final = "0" * 64
# where nobody may be sent to: of a cloud's own machine, of a private network, of no web, with a password
INSIDE: Final = ("http://169.254.169.254/", "http://10.0.0.1/", "file:///etc/passwd", "https://a:b@example.org/")


async def run(send: Send, transport: Mapping[str, Any]) -> AsyncIterator[Case]:
    """Run the cases; `transport` is a request for a transport that is right in every field, under no contract."""
    ends = {"sourceConnectorId": transport["targetConnectorId"], "targetConnectorId": transport["issuerConnectorId"]}
    pulls = {**transport, **ends}
    for clause, method, path, fields, said in (
        (CALL, "GET", CALL_PATH, CALLED, transport),
        (PULL, "POST", PULL_PATH, PULLED, pulls),
    ):
        headers = {one.name: str(said[one.name]) for one in fields if one.name in said}
        async for case in _headed(send, clause, method, path, fields, headers):
            yield case
    async for case in _pushed(send, transport):
        yield case


async def _headed(
    send: Send, clause: str, method: str, path: str, fields: tuple[Field, ...], headers: Mapping[str, str]
) -> AsyncIterator[Case]:
    status, told = await send(method, path, headers, b"")
    if _code(told) is None:
        yield Case(clause, f"`{path}` answers with a return code", UNCLEAR, f"the text names no path: {status}")
        return
    yield _refused(clause, "a delivery under no contract", status, told)
    for one in fields:
        if one.name in headers and one.required:
            less = {name: value for name, value in headers.items() if name != one.name}
            yield _refused(clause, f"`{one.name}` is missing", *await send(method, path, less, b""), Code.MISSING)
        if one.name in headers:
            more = {**headers, one.name: "x" * 600}
            yield _refused(clause, f"`{one.name}` is too long", *await send(method, path, more, b""), Code.LONG)
    false = {**headers, "bodyHash": FALSE_DIGEST}
    yield _refused(clause, "`bodyHash` is of another body", *await send(method, path, false, b""), Code.FORM)


async def _pushed(send: Send, transport: Mapping[str, Any]) -> AsyncIterator[Case]:
    for where in ("", *INSIDE):
        said = {**transport, "transferMode": PUSH}
        if where:
            said["receiveAddr"] = {"transferprotocolType": "HTTPS", "transferreceiveaddrUrl": where}
        words = f"a push to `{where}`" if where else "a push to nowhere"
        status, told = await send("POST", TRANSPORT.path, {}, orjson.dumps(said))
        yield _refused(TRANSPORT.clause, words, status, told)


def _refused(clause: str, name: str, status: int, told: Any, code: Code | None = None) -> Case:
    """Return a case that passes where something is refused by a return code: by `code`, if only that is right."""
    found = _code(told)
    good = 400 <= status < 500 and found not in (None, Code.SUCCESS) and code in (None, found)
    return Case(clause, f"refused: {name}", PASSED if good else FAILED, "" if good else short(told))


def _code(told: Any) -> str | None:
    """Return the return code of an answer, None where there is none."""
    found = told.get("code") if isinstance(told, dict) else None
    return str(found) if str(found) in set(Code) else None
