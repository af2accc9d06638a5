"""The calls of the Management API: one row for each, and which act of which part it is.

Law: the releases of the interface that clients speak are these rows under another first word; a row says what it
takes: the `body`, a `query` (which may lack), the `id` of its path, `both` id and body, its id and the `wishes`
after the path, or nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from catalog.roles import TRADERS
from connector.operation.management.catalogues import Catalogues
from connector.operation.management.client_secrets import ClientSecrets
from connector.operation.management.processes import ContractProcesses
from connector.operation.management.references import References
from connector.operation.signaling.data_planes import DataPlanes
from connector.provider.assets.assets import Assets
from connector.provider.assets.definitions import ContractDefinitions
from connector.provider.assets.policies import PolicyDefinitions

if TYPE_CHECKING:
    from collections.abc import Mapping

BODY, QUERY, ID, BOTH, WISHES, NOTHING = "body", "query", "id", "both", "wishes", ""
SELLS, BUYS = frozenset({"provider"}), frozenset({"buyer"})
RELEASE_4: Final = "/management/v4"
RELEASES: Final = ("/management/v3", "/management/v2", RELEASE_4)
QUERY_SPEC: Final = "QuerySpec"
# what is asked whether it is there
CHECKS: Final = ("health", "liveness", "readiness", "startup")


@dataclass(frozen=True, slots=True)
class Call:
    """One call: method and path below the release, the roles that have it, the part's method, and what that takes.

    `body` is the kind of object that it takes. `part` names a member of what it returns that is the answer, told as an
    object of a `kind`.
    """

    method: str
    path: str
    roles: frozenset[str]
    of: type[Any]
    does: str
    takes: str
    body: str = ""
    part: str = ""
    kind: str = ""

    @property
    def name(self) -> str:
        """Return what the call is known by."""
        return f"{self.of.__name__}-{self.does}{'-' + self.part if self.part else ''}"


def _kept(
    path: str, of: type[Any], body: str, *, changed_at: str = "", roles: frozenset[str] = SELLS, found: bool = True
) -> tuple[Call, ...]:
    """Return the calls of what clients write, change and remove, and, if they may, find."""
    calls = (
        Call("POST", path, roles, of, "create", BODY, body),
        Call("POST", f"{path}/request", roles, of, "page", QUERY, QUERY_SPEC),
        Call("GET", f"{path}/{{id}}", roles, of, "show", ID),
        Call("PUT", path + changed_at, roles, of, "change", BOTH if changed_at else BODY, body),
        Call("DELETE", f"{path}/{{id}}", roles, of, "delete", ID),
    )
    return tuple(call for call in calls if found or call.takes != QUERY)


NEGOTIATION, AGREEMENT, TRANSFER, REFERENCE = (
    "contractnegotiations",
    "contractagreements",
    "transferprocesses",
    "edrs",
)
PLAN: Final = "PolicyEvaluationPlanRequest"
STATES: Final = ("NegotiationState", "TransferState")
ENDS: Final = ("TerminateNegotiation", "TerminateTransfer")
CALLS: Final = (
    *_kept("assets", Assets, "Asset"),
    *_kept("policydefinitions", PolicyDefinitions, "PolicyDefinition", changed_at="/{id}"),
    Call("POST", "policydefinitions/{id}/validate", SELLS, PolicyDefinitions, "validate", ID),
    Call("POST", "policydefinitions/{id}/evaluationplan", SELLS, PolicyDefinitions, "plan", BOTH, PLAN),
    *_kept("contractdefinitions", ContractDefinitions, "ContractDefinition"),
    Call("POST", "catalog/request", BUYS, Catalogues, "request", BODY, "CatalogRequest"),
    Call("POST", "catalog/dataset/request", BUYS, Catalogues, "dataset", BODY, "DatasetRequest"),
    Call("POST", NEGOTIATION, BUYS, ContractProcesses, "negotiate", BODY, "ContractRequest"),
    Call("POST", f"{NEGOTIATION}/request", TRADERS, ContractProcesses, "negotiations", QUERY, QUERY_SPEC),
    Call("GET", f"{NEGOTIATION}/{{id}}", TRADERS, ContractProcesses, "negotiation", ID),
    Call(
        "GET",
        f"{NEGOTIATION}/{{id}}/state",
        TRADERS,
        ContractProcesses,
        "negotiation",
        ID,
        part="state",
        kind="NegotiationState",
    ),
    Call("GET", f"{NEGOTIATION}/{{id}}/agreement", TRADERS, ContractProcesses, "agreement_of", ID),
    Call(
        "POST",
        f"{NEGOTIATION}/{{id}}/terminate",
        TRADERS,
        ContractProcesses,
        "end_negotiation",
        BOTH,
        "TerminateNegotiation",
    ),
    Call("DELETE", f"{NEGOTIATION}/{{id}}", TRADERS, ContractProcesses, "forget_negotiation", ID),
    Call("POST", f"{AGREEMENT}/request", TRADERS, ContractProcesses, "agreements", QUERY, QUERY_SPEC),
    Call("GET", f"{AGREEMENT}/{{id}}", TRADERS, ContractProcesses, "agreement", ID),
    Call("GET", f"{AGREEMENT}/{{id}}/negotiation", TRADERS, ContractProcesses, "negotiation_of", ID),
    Call("POST", TRANSFER, BUYS, ContractProcesses, "transfer", BODY, "TransferRequest"),
    Call("POST", f"{TRANSFER}/request", TRADERS, ContractProcesses, "transfers", QUERY, QUERY_SPEC),
    Call("GET", f"{TRANSFER}/{{id}}", TRADERS, ContractProcesses, "transfer_process", ID),
    Call(
        "GET",
        f"{TRANSFER}/{{id}}/state",
        TRADERS,
        ContractProcesses,
        "transfer_process",
        ID,
        part="state",
        kind="TransferState",
    ),
    Call("POST", f"{TRANSFER}/{{id}}/terminate", TRADERS, ContractProcesses, "end_transfer", BOTH, ENDS[1]),
    Call("POST", f"{TRANSFER}/{{id}}/suspend", TRADERS, ContractProcesses, "suspend", BOTH, "SuspendTransfer"),
    Call("POST", f"{TRANSFER}/{{id}}/resume", TRADERS, ContractProcesses, "resume", ID),
    Call("POST", f"{TRANSFER}/{{id}}/deprovision", TRADERS, ContractProcesses, "deprovision", ID),
    *_kept("secrets", ClientSecrets, ClientSecrets.KIND, roles=TRADERS, found=False),
    Call("PUT", "dataplanes", TRADERS, DataPlanes, "register", BODY),
    Call("GET", "dataplanes", TRADERS, DataPlanes, "listed", NOTHING),
    Call("DELETE", "dataplanes/{id}", TRADERS, DataPlanes, "forget", ID),
    Call("POST", REFERENCE, BUYS, ContractProcesses, "refer", BODY, "ContractRequest"),
    Call("POST", f"{REFERENCE}/request", BUYS, References, "page", QUERY, QUERY_SPEC),
    Call("GET", f"{REFERENCE}/{{id}}/dataaddress", BUYS, References, "address", WISHES),
    Call("POST", f"{REFERENCE}/{{id}}/refresh", BUYS, References, "refresh", ID),
    Call("DELETE", f"{REFERENCE}/{{id}}", BUYS, References, "delete", ID),
)
# what release 4 has no more
GONE: Final = frozenset({"ContractProcesses-refer", "ContractProcesses-deprovision"})


def of_release(release: str) -> list[Call]:
    """Return the calls of a release."""
    return [one for one in CALLS if release != RELEASE_4 or not (one.of is References or one.name in GONE)]


BY_NAME: Final[Mapping[str, Call]] = {call.name: call for call in CALLS}
assert len(BY_NAME) == len(CALLS), "each has a name of its own"
