"""Cases that anybody's implementation of these interfaces is held against, one after the other, over HTTP.

Law: (1) a case sends what the text allows or forbids, and looks at the answer alone: whose program it is does not
matter. (2) Where the texts leave something open the case is `unclear` and says what was seen; it fails nobody. (3) What
is sent is signed by the one who runs the cases, and leaves nothing behind but contracts that are ended.
"""

from __future__ import annotations

import asyncio
import copy
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from connector.operation.ndi import delivery_cases
from connector.operation.ndi.case import FAILED, PASSED, UNCLEAR, Case, short
from contracts.check_character import CHECKS, passes
from contracts.ndi.delivery import DETAIL, PULL, SEARCH, TRANSPORT
from contracts.ndi.fields import CODE, LIST, OBJECT, TEXT, TIME, Field
from contracts.ndi.interfaces import (
    ALLOWED,
    CREATE,
    EARLY,
    EXECUTION,
    FEEDBACK,
    NEGOTIATE,
    POINT_TO_POINT,
    PROOF,
    REGISTRATE,
    STRATEGY_SEND,
    TEMPLATE,
    TERMINATE,
    THROUGH_PLATFORM,
    UNSIGNED,
    Interface,
    signed_part,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
    from datetime import datetime

    from connector.operation.ndi.delivery_cases import Send

    Ask = Callable[[str, Any], Awaitable[tuple[int, Any]]]

CONNECTOR, PLATFORM, NODE = "connector", "platform", "node"
LATER, LATER_MAX, LATER_SECONDS = 409, 60, 0.25
ROLES: Final = (CONNECTOR, PLATFORM, NODE)
NOBODY: Final = "8" * 46
NUMBER: Final = "00000000-0000-4000-8000-000000000000"
# of whom → a signature that nobody made: by an account, or by SM2, where r and s are 0, beyond the order, or of nobody
FALSE: Final = {
    "": bytes(65),
    " of SM2: 0": bytes(64),
    " of SM2: beyond the order": b"\xff" * 64,
    " of SM2: of nobody": b"\x11" * 64,
}
# fields whose absence or form is not the callee's to see: what they are about is refused for another reason anyway
CHECKED: Final = {
    CONNECTOR: (CREATE, NEGOTIATE, TERMINATE, FEEDBACK, PROOF, EXECUTION, SEARCH, DETAIL, TRANSPORT),
    PLATFORM: (REGISTRATE, TEMPLATE, CREATE, NEGOTIATE, TERMINATE),
}


@dataclass(frozen=True, slots=True)
class Runner:
    """Who runs the cases: `ask` posts to a path, `send` asks by headers, `sign` signs, `me` is what we are called."""

    ask: Ask
    send: Send
    sign: Callable[[bytes], bytes]
    me: str
    peer: str
    now: datetime

    def signed(self, said: dict[str, Any]) -> dict[str, Any]:
        """Return a message with the runner's signature."""
        return {**said, "signature": self.sign(signed_part(said)).hex()}

    def time(self, days: int = 0) -> str:
        """Return a moment so many days from now."""
        return (self.now + timedelta(days=days)).isoformat(timespec="seconds")

    async def run(self, role: str) -> AsyncIterator[Case]:
        """Run the cases of a role."""
        cases = {CONNECTOR: self._connector, PLATFORM: self._platform, NODE: self._node}[role]
        async for case in cases():
            yield case
        if role == CONNECTOR:
            async for case in delivery_cases.run(self.send, self._example(TRANSPORT)):
                yield case
        for interface in CHECKED.get(role, ()):
            async for case in self._fields(interface):
                yield case

    # ---- a connector

    async def _connector(self) -> AsyncIterator[Case]:
        asked = self.signed(self._example(CREATE))
        told = await self._call(CREATE, asked)
        code = str(told.get("contractId", ""))
        yield _case(CREATE, "a contract is begun", _is_ok(CREATE, told), told)
        yield _case(CREATE, "its code has 47 characters and a check character", len(code) == 47 and passes(code), code)
        again = await self._call(CREATE, asked)
        same = again.get("contractId") == code
        yield Case(CREATE.clause, "the same request again gives the same contract", PASSED if same else UNCLEAR)
        async for case in self._negotiated(code):
            yield case
        forged = {**asked, "contractName": "another name"}
        yield _refused(CREATE, "a signature over something else", await self._call(CREATE, forged))
        other = self.signed({**self._example(CREATE), "issuerId": self.peer})
        yield _refused(CREATE, "an issuer that is another", await self._call(CREATE, other))
        late = self.signed({**self._example(CREATE), "endTime": self.time(-1)})
        yield _refused(CREATE, "an end before the beginning", await self._call(CREATE, late))
        plain = self._example(CREATE)
        for name in ("issueTime", "activationTime", "endTime"):
            plain[name] = "20991231235959" if name == "endTime" else "20260101000000"
        told = await self._call(CREATE, self.signed(plain))
        seen = PASSED if _is_ok(CREATE, told) else UNCLEAR
        yield Case(CREATE.clause, "times of the dictionary (14 digits) are read", seen, short(told))
        sent = self.signed(self._example(STRATEGY_SEND))
        yield _refused(STRATEGY_SEND, "an instruction of who is no platform", await self._call(STRATEGY_SEND, sent))

    async def _negotiated(self, code: str) -> AsyncIterator[Case]:
        """Propose what the connector itself offers, sign it, end it, and try to use it then."""
        strategy, why = await self._offered()
        if strategy is None:
            yield Case(NEGOTIATE.clause, "what is offered is agreed on", UNCLEAR, why)
            return
        said = {"contractName": self._example(CREATE)["contractName"], "contractId": code, "strategy": strategy}
        told = await self._call(NEGOTIATE, said)
        yield _case(NEGOTIATE, "what is offered is agreed on", _is_ok(NEGOTIATE, told), told)
        for kind, false in FALSE.items():
            told = await self._call(NEGOTIATE, self._sealed(said, false))
            yield _refused(NEGOTIATE, f"a false signature{kind}", told)
        told = await self._call(NEGOTIATE, self._sealed(said, self.sign(signed_part(said))))
        yield _case(NEGOTIATE, "it is signed", _is_ok(NEGOTIATE, told), told)
        ended = self.signed(self._example(TERMINATE) | {"contractId": code, "contractName": said["contractName"]})
        told = await self._call(TERMINATE, ended)
        for _ in range(LATER_MAX):  # one that is being filed is ended a moment later
            if told["http"] != LATER:
                break
            await asyncio.sleep(LATER_SECONDS)
            told = await self._call(TERMINATE, ended)
        yield _case(TERMINATE, "it is ended before its term", _is_ok(TERMINATE, told), told)
        wider = {**said, "strategy": {**strategy, "actions": ["read"]}}
        yield _refused(NEGOTIATE, "a proposal in a contract that is ended", await self._call(NEGOTIATE, wider))

    async def _offered(self) -> tuple[dict[str, Any] | None, str]:
        """Return the strategy of something that the connector offers, or why there is none."""
        status, told = await self.ask(SEARCH.path, {"keywords": "", "offset": "0", "limit": "50"})
        listed = told.get("data", {}).get("resultData", []) if status < 300 and isinstance(told, dict) else []
        for one in listed:
            status, shown = await self.ask(DETAIL.path, {"productId": one.get("productId", "")})
            product = shown.get("product", {}) if status < 300 and isinstance(shown, dict) else {}
            if isinstance(product.get("strategy"), dict):
                nodes = {**product["strategy"]["executionNodeInfo"]}
                return {**product["strategy"], "executionNodeInfo": nodes}, ""
        return None, "it shows no product with a strategy: the text has no field for it, nor a path to ask at"

    # ---- a platform, a node

    async def _platform(self) -> AsyncIterator[Case]:
        told = await self._call(TEMPLATE, self._example(TEMPLATE))
        yield _case(TEMPLATE, "templates are given", _is_ok(TEMPLATE, told), told)
        unknown = self._example(TEMPLATE) | {"templateId": NUMBER}
        yield _refused(TEMPLATE, "a template that is not there", await self._call(TEMPLATE, unknown))
        filed = self._example(REGISTRATE)
        yield _refused(REGISTRATE, "a contract that its parties did not sign", await self._call(REGISTRATE, filed))
        async for case in self._through():
            yield case

    async def _through(self) -> AsyncIterator[Case]:
        """Begin a contract through the platform (signing mode 02), and say in it what it must not pass on."""
        asked = self.signed({**self._example(CREATE), "signMode": THROUGH_PLATFORM})
        told = await self._call(CREATE, asked)
        if not _is_ok(CREATE, told):
            yield Case(CREATE.clause, "a contract is begun through the platform", UNCLEAR, short(told))
            return
        code = str(told.get("contractId", ""))
        yield _case(CREATE, "its code has 47 characters and a check character", len(code) == 47 and passes(code), code)
        again = await self._call(CREATE, asked)
        yield _case(CREATE, "the same request again gives the same contract", again.get("contractId") == code, again)
        yield _refused(CREATE, "a signature over something else", await self._call(CREATE, {**asked, "note": "more"}))
        direct = self.signed(self._example(CREATE))
        yield _refused(CREATE, "a contract from point to point", await self._call(CREATE, direct))
        name = {"contractName": asked["contractName"], "contractId": code}
        alone = {**self._example(NEGOTIATE), **name}
        alone["strategy"]["executionNodeInfo"] = {"providerNodeId": self.me, "consumerNodeId": self.me}
        yield _refused(NEGOTIATE, "a contract with oneself", await self._call(NEGOTIATE, alone))
        nobody = copy.deepcopy(alone)
        nobody["strategy"]["executionNodeInfo"]["providerNodeId"] = "did:web:nobody.invalid"
        yield _refused(NEGOTIATE, "a proposal to who is no member", await self._call(NEGOTIATE, nobody))
        others = copy.deepcopy(alone)
        others["strategy"]["executionNodeInfo"]["consumerNodeId"] = self.peer
        others["strategy"]["executionNodeInfo"]["providerNodeId"] = "did:web:nobody.invalid"
        yield _refused(NEGOTIATE, "a proposal between others", await self._call(NEGOTIATE, others))
        unknown = self._example(NEGOTIATE)
        yield _refused(NEGOTIATE, "a proposal in a contract that is not there", await self._call(NEGOTIATE, unknown))
        for kind, false in FALSE.items():
            told = await self._call(NEGOTIATE, self._sealed(nobody, false))
            yield _refused(NEGOTIATE, f"a false signature{kind}", told)
        ended = self.signed(self._example(TERMINATE) | name)
        told = await self._call(TERMINATE, ended)
        yield _case(TERMINATE, "it is ended before anything was proposed", _is_ok(TERMINATE, told), told)
        yield _refused(NEGOTIATE, "a proposal in a contract that is ended", await self._call(NEGOTIATE, nobody))

    async def _node(self) -> AsyncIterator[Case]:
        status, told = await self.ask(f"/node/codes/{self.me}", None)
        found = status < 300 and isinstance(told, dict) and told.get("code") == self.me
        seen = "" if found else "the text names no path: asked was /node/codes/CODE"
        yield Case("NDI-TR-2025-04", "a code that it assigned is resolved", PASSED if found else UNCLEAR, seen)
        wrong = self.me[:-1] + next(one for one in CHECKS if one != self.me[-1])
        status, _ = await self.ask(f"/node/codes/{wrong}", None)
        yield Case("NDI-TR-2025-04", "a wrong check character is refused", PASSED if status >= 400 else FAILED)

    # ---- every field

    async def _fields(self, interface: Interface) -> AsyncIterator[Case]:
        """Leave out, lengthen and misshape every field, each in a request that is signed as it stands."""
        whole = self._example(interface)
        for path, field in _every(interface.asks, whole):
            for name, wrong in _wrong(field):
                said = copy.deepcopy({key: value for key, value in whole.items() if key != "signature"})
                if path[0] in UNSIGNED:
                    said = self.signed(said) if "signature" in whole else said
                _put(said, path, wrong)
                if "signature" in whole and path[0] not in UNSIGNED:
                    said = self.signed(said)
                yield _refused(interface, f"`{'/'.join(map(str, path))}` {name}", await self._call(interface, said))

    # ---- examples

    def _sealed(self, said: dict[str, Any], signature: bytes) -> dict[str, Any]:
        entry = {"entityId": self.me, "signature": signature.hex(), "signatoryTime": self.time()}
        return {**said, "signatureList": [entry]}

    def _example(self, interface: Interface) -> dict[str, Any]:
        """Return a request that is right in every field; what it is about is nobody's."""
        code = NOBODY + next(one for one in CHECKS if passes(NOBODY + one))
        strategy = {
            "subjectInfo": {"dataProductId": "urn:nobody:product"},
            "executionNodeInfo": {"providerNodeId": self.peer, "consumerNodeId": self.me},
            "actions": ["read"],
            "constraints": [{"constraintName": "count", "constraintOperator": "11", "constraintValue": "3"}],
        }
        values = {
            "contractName": "Conformance",
            "contractAbstract": "A case of conformance",
            "contractId": code,
            "issueTime": self.time(),
            "activationTime": self.time(),
            "endTime": self.time(1),
            "scheduledEndTime": self.time(1),
            "signMode": POINT_TO_POINT,
            "issuerId": self.me,
            "issuerEntityId": self.me,
            "strategy": strategy,
            "erminateType": EARLY,
            "connectorId": self.me,
            "strategyId": NUMBER,
            "strategyVersion": "1",
            "transactionExecutionStrategy": {"contractId": code},
            "issuedAt": self.time(),
            "result": ALLOWED,
            "timestamp": self.time(),
            "proofId": NUMBER,
            "log": {"sequenceNum": "0" * 32},
            "executedStrategy": {
                "executedStrategyId": NUMBER,
                "executedActions": ["read"],
                "executionResult": "completed",
            },
            "reportTime": self.time(),
            "signatoryEntities": [{"signatoryEntityId": self.me, "signature": bytes(65).hex()}],
            "signatoryTime": self.time(),
            "offset": "0",
            "limit": "1",
            "sequenceNum": "0" * 32,
            "targetConnectorId": self.peer,
            "issuerConnectorId": self.me,
            "issuedTime": self.time(),
            "productId": "urn:nobody:product",
            "ctrlInstructiontId": "0" * 32,
            "transferMode": PULL,
        }
        said = {one.name: values[one.name] for one in interface.asks if one.required and one.name in values}
        return copy.deepcopy(said | ({"contractExpansionItem": "-"} if interface is REGISTRATE else {}))

    async def _call(self, interface: Interface, said: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is answered; `http` is its status."""
        status, told = await self.ask(interface.path, dict(said))
        return {**(told if isinstance(told, dict) else {}), "http": status}


def _is_ok(interface: Interface, told: Mapping[str, Any]) -> bool:
    said = str(told.get(interface.status, ""))
    return told["http"] < 300 and said != "" and said.lstrip("0") == interface.ok.lstrip("0")


def _case(interface: Interface, name: str, good: bool, seen: Any) -> Case:  # noqa: FBT001  # what came of it
    return Case(interface.clause, name, PASSED if good else FAILED, "" if good else short(seen))


def _refused(interface: Interface, name: str, told: Mapping[str, Any]) -> Case:
    """Return a case that passes where the answer says no, and does not break down over it."""
    good = not _is_ok(interface, told) and told["http"] < 500
    return Case(interface.clause, f"refused: {name}", PASSED if good else FAILED, "" if good else short(told))


def _every(fields: tuple[Field, ...], whole: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[Any, Field]]:
    """Return every field that an example has, with where it stands."""
    for one in fields:
        if one.name not in whole:
            continue
        here = (*path, one.name)
        yield here, one
        if one.kind == OBJECT and one.of:
            yield from _every(one.of, whole[one.name], here)
        if one.kind == LIST and one.of and whole[one.name]:
            yield from _every(one.of, whole[one.name][0], (*here, 0))


def _wrong(field: Field) -> Iterator[tuple[str, Any]]:
    """Return how a field can be wrong, and the value; None leaves it out."""
    if field.required:
        yield "is missing", None
    if field.values and field.kind == TEXT:
        yield "is an unknown word", "nothing"
    yield "is of another kind", [1.5] if field.kind == OBJECT else {"a": 1}
    if field.kind not in (OBJECT, LIST, TIME):
        yield "is too long", "x" * ((max(field.longest, 600)) + 1)
    if field.kind == TIME:
        yield "is no time", "yesterday"
    if field.values and field.kind == CODE:
        yield "is an unknown code", "99"


def _put(said: dict[str, Any], path: tuple[str | int, ...], value: Any) -> None:
    at: Any = said
    for step in path[:-1]:
        at = at[step]
    if value is None:
        at.pop(path[-1], None)
    else:
        at[path[-1]] = value
