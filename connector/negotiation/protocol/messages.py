"""Every document of the protocol: what it is called, where it is sent, how it is built.

Law: what is built here is valid by our own schemas (a test builds each and checks it), and leaves out what is empty:
the protocol refuses empty lists. It carries the context of DSP 2025-1 and, where an offer of somebody else has names
that another one shortened, that one, too (`SHORTENED`).
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import orjson

from connector.negotiation.protocol.states import NEGOTIATION, TRANSFER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Document = dict[str, Any]

CONTEXT: Final = "https://w3id.org/dspace/2025/1/context.jsonld"
# beginning of a name → the context that says what it stands for; EDC writes those of its own vocabulary so
SHORTENED: Final[Mapping[str, str]] = MappingProxyType({"edc:": "https://w3id.org/edc/dspace/v0.0.1"})
VERSION: Final = "2025-1"
BINDING: Final = "HTTPS"
DSP_PATH: Final = "/dsp"  # where a participant of ours answers the protocol, below its own address
NESTED: Final = "Catalog"  # the format of a distribution that is a catalogue

TYPE_OF: Final[Mapping[tuple[str, str], str]] = MappingProxyType(
    {
        (NEGOTIATION, "request"): "ContractRequestMessage",
        (NEGOTIATION, "offer"): "ContractOfferMessage",
        (NEGOTIATION, "accept"): "ContractNegotiationEventMessage",
        (NEGOTIATION, "agreement"): "ContractAgreementMessage",
        (NEGOTIATION, "verification"): "ContractAgreementVerificationMessage",
        (NEGOTIATION, "finalize"): "ContractNegotiationEventMessage",
        (NEGOTIATION, "termination"): "ContractNegotiationTerminationMessage",
        (TRANSFER, "request"): "TransferRequestMessage",
        (TRANSFER, "start"): "TransferStartMessage",
        (TRANSFER, "completion"): "TransferCompletionMessage",
        (TRANSFER, "suspension"): "TransferSuspensionMessage",
        (TRANSFER, "termination"): "TransferTerminationMessage",
    }
)
EVENT_OF: Final[Mapping[str, str]] = MappingProxyType({"accept": "ACCEPTED", "finalize": "FINALIZED"})
MESSAGE_OF_EVENT: Final[Mapping[str, str]] = MappingProxyType({event: name for name, event in EVENT_OF.items()})
ACK_OF: Final[Mapping[str, str]] = MappingProxyType({NEGOTIATION: "ContractNegotiation", TRANSFER: "TransferProcess"})
ERROR_OF: Final[Mapping[str, str]] = MappingProxyType(
    {NEGOTIATION: "ContractNegotiationError", TRANSFER: "TransferError"}
)

# Relative to the receiver's base address; `{pid}` is the receiver's own id of the process.
BEGINNINGS: Final[Mapping[tuple[str, str], str]] = MappingProxyType(
    {
        (NEGOTIATION, "request"): "/negotiations/request",
        (NEGOTIATION, "offer"): "/negotiations/offers",
        (TRANSFER, "request"): "/transfers/request",
    }
)
PATHS: Final[Mapping[tuple[str, str], str]] = MappingProxyType(
    {
        (NEGOTIATION, "request"): "/negotiations/{pid}/request",
        (NEGOTIATION, "offer"): "/negotiations/{pid}/offers",
        (NEGOTIATION, "accept"): "/negotiations/{pid}/events",
        (NEGOTIATION, "agreement"): "/negotiations/{pid}/agreement",
        (NEGOTIATION, "verification"): "/negotiations/{pid}/agreement/verification",
        (NEGOTIATION, "finalize"): "/negotiations/{pid}/events",
        (NEGOTIATION, "termination"): "/negotiations/{pid}/termination",
        (TRANSFER, "start"): "/transfers/{pid}/start",
        (TRANSFER, "completion"): "/transfers/{pid}/completion",
        (TRANSFER, "suspension"): "/transfers/{pid}/suspension",
        (TRANSFER, "termination"): "/transfers/{pid}/termination",
    }
)


# Where a process is looked at: by either side, with the other's id of it.
VIEWS: Final[Mapping[str, str]] = MappingProxyType({NEGOTIATION: "/negotiations/{pid}", TRANSFER: "/transfers/{pid}"})


def name_of(process: str, body: Mapping[str, Any]) -> str:
    """Return the message's name in the state tables; the body is valid by its schema."""
    kind = body["@type"]
    if kind == "ContractNegotiationEventMessage":
        return MESSAGE_OF_EVENT[body["eventType"]]
    return next(name for (of, name), found in TYPE_OF.items() if of == process and found == kind)


def address(base: str, process: str, message: str, pid: str | None) -> str:
    """Return where a message goes: `base` with or without a trailing slash; no `pid` for a first message."""
    path = BEGINNINGS[process, message] if pid is None else PATHS[process, message].format(pid=_segment(pid))
    return base.rstrip("/") + path


def whereabouts(base: str, process: str, pid: str) -> str:
    """Return where the peer's process with its id `pid` is looked at."""
    return base.rstrip("/") + VIEWS[process].format(pid=_segment(pid))


def document(kind: str, **members: Any) -> Document:
    """Return a document with context, type and every member that is not None."""
    present = {name: value for name, value in members.items() if value is not None}
    return {"@context": [CONTEXT], "@type": kind} | present


def contract_request(
    *, consumer_pid: str, offer: Document, provider_pid: str | None = None, callback: str | None = None
) -> Document:
    """Return the first request (with `callback`) or a counter-offer (with `provider_pid`), never with both."""
    assert (provider_pid is None) != (callback is None)
    pids = {"providerPid": provider_pid, "consumerPid": consumer_pid}
    return _in_its_words(document("ContractRequestMessage", **pids, offer=offer, callbackAddress=callback))


def contract_offer(
    *, provider_pid: str, offer: Document, consumer_pid: str | None = None, callback: str | None = None
) -> Document:
    """Return the provider's first offer (with `callback`) or its answer to a request (with `consumer_pid`)."""
    assert (consumer_pid is None) != (callback is None)
    pids = {"providerPid": provider_pid, "consumerPid": consumer_pid}
    return _in_its_words(document("ContractOfferMessage", **pids, offer=offer, callbackAddress=callback))


def _in_its_words(message: Document) -> Document:
    """Return a message with the contexts of the names that its offer has from others."""
    told = orjson.dumps(message["offer"])
    more = [context for beginning, context in SHORTENED.items() if f'"{beginning}'.encode() in told]
    return message | {"@context": [CONTEXT, *more]}


def contract_agreement(provider_pid: str, consumer_pid: str, agreement: Document) -> Document:
    """Return the message that makes an offer an agreement."""
    return document("ContractAgreementMessage", providerPid=provider_pid, consumerPid=consumer_pid, agreement=agreement)


def verification(provider_pid: str, consumer_pid: str) -> Document:
    """Return the consumer's verification; its signature is added under `SIGNATURE`."""
    return document("ContractAgreementVerificationMessage", providerPid=provider_pid, consumerPid=consumer_pid)


def event(message: str, provider_pid: str, consumer_pid: str) -> Document:
    """Return the event that `accept` or `finalize` stands for."""
    pids = {"providerPid": provider_pid, "consumerPid": consumer_pid}
    return document("ContractNegotiationEventMessage", **pids, eventType=EVENT_OF[message])


def ending(
    process: str, message: str, provider_pid: str, consumer_pid: str, *, code: str = "", reasons: Iterable[str] = ()
) -> Document:
    """Return a termination or suspension of either process."""
    pids = {"providerPid": provider_pid, "consumerPid": consumer_pid}
    return document(TYPE_OF[process, message], **pids, code=code or None, reason=list(reasons) or None)


def transfer_request(
    consumer_pid: str, agreement: str, transfer_format: str, callback: str, data_address: Document | None = None
) -> Document:
    """Return a request for a pull under the agreement with this DSP id, or for a push to an address."""
    members = {"consumerPid": consumer_pid, "agreementId": agreement, "format": transfer_format}
    return document("TransferRequestMessage", **members, callbackAddress=callback, dataAddress=data_address)


def transfer_start(provider_pid: str, consumer_pid: str, data_address: Document | None = None) -> Document:
    """Return a start; a provider's start of a pull carries the data address."""
    pids = {"providerPid": provider_pid, "consumerPid": consumer_pid}
    return document("TransferStartMessage", **pids, dataAddress=data_address)


def transfer_completion(provider_pid: str, consumer_pid: str) -> Document:
    """Return the message that ends a transfer well."""
    return document("TransferCompletionMessage", providerPid=provider_pid, consumerPid=consumer_pid)


def ack(process: str, provider_pid: str, consumer_pid: str, state: str) -> Document:
    """Return the process as its state: the answer to a first message and to every GET."""
    return document(ACK_OF[process], providerPid=provider_pid, consumerPid=consumer_pid, state=state)


def error(process: str, provider_pid: str, consumer_pid: str, code: str, reasons: Iterable[str]) -> Document:
    """Return the typed error of a process; ids that are not known are empty strings."""
    pids = {"providerPid": provider_pid, "consumerPid": consumer_pid}
    return document(ERROR_OF[process], **pids, code=code, reason=list(reasons) or None)


def catalog_error(code: str, reasons: Iterable[str]) -> Document:
    """Return the typed error of the catalogue."""
    return document("CatalogError", code=code, reason=list(reasons))


def version_document(path: str, service: str) -> Document:
    """Return the body of `/.well-known/dspace-version` for a base at `path` below the root."""
    entry = {"version": VERSION, "path": path, "binding": BINDING, "serviceId": service, "identifierType": "did:web"}
    return {"protocolVersions": [entry]}


def data_service(service: str, endpoint: str) -> Document:
    """Return the data service whose base address for negotiations and transfers is `endpoint`."""
    return {"@id": service, "@type": "DataService", "endpointURL": endpoint}


def distribution(transfer_format: str, service: str) -> Document:
    """Return one way of delivery by the data service with this id."""
    return {"@type": "Distribution", "format": transfer_format, "accessService": service}


def dataset(
    product: str, offers: list[Document], distributions: list[Document], more: Mapping[str, Any] | None = None
) -> Document:
    """Return a dataset as it stands in a catalogue; `more` are descriptive members such as `title`."""
    assert offers
    assert distributions
    fixed = {"@id": product, "@type": "Dataset", "hasPolicy": offers, "distribution": distributions}
    return {**(more or {}), **fixed}


def root_dataset(listed: Document) -> Document:
    """Return a dataset as the answer to a request for it alone."""
    return {"@context": [CONTEXT], **listed}


def catalog(
    catalogue: str,
    participant: str,
    services: list[Document],
    datasets: Iterable[Any],
    nested: Iterable[Any] = (),
) -> Document:
    """Return a root catalogue of documents, or of their JSON as fragments; empty lists are left out."""
    members = {"participantId": participant, "service": services or None}
    found = document("Catalog", **members, dataset=list(datasets) or None, catalog=list(nested) or None)
    return found | {"@id": catalogue}


def nested_catalog(catalogue: str, participant: str, service: Document) -> Document:
    """Return somebody's catalogue as it stands in another: who has it, and the service that answers for it."""
    ways = [distribution(NESTED, service["@id"])]
    named = {"@id": catalogue, "@type": "Catalog", "participantId": participant}
    return named | {"distribution": ways, "service": [service]}


def _segment(pid: str) -> str:
    """Return an id as one path segment; a peer's id must not climb to another path."""
    return quote(pid, safe=":@!$&'()*+,;=-._~")
