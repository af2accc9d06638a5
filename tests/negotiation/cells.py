"""The cells of the state tables as things to say: a stored process in any state, and every message a peer may send."""

from datetime import timedelta

from connector.negotiation.protocol import data_address, messages, offers, states
from connector.store.rows.protocol import NegotiationRow
from tests.negotiation.world import PRODUCT, listed_offer, product, product_terms

OURS = "urn:uuid:ours"
THEIRS = "urn:uuid:theirs"
DIGEST = "ab" * 32
TABLES_OF = {states.NEGOTIATION: "negotiations", states.TRANSFER: "transfers"}
WAITING = timedelta(days=300)


def stored(process, state, role, peer, now, callback="http://nowhere/dsp"):
    """The row of a process that has come to `state`, nothing under way; `role` is ours, `peer` has DID and address."""
    deadline = None if state in states.FINAL else now + WAITING
    told = {"state": state, "pending": "", "turn": states.turn(process, state), "reason": "", "deadline": deadline}
    about = {"id": OURS, "peer_pid": THEIRS, "role": role, "peer": peer.did, "callback": callback}
    own = _negotiation(peer) if process == states.NEGOTIATION else {"agreement": DIGEST, "format": "f", "address": None}
    return own | about | told | {"created": now, "updated": now}


def negotiation(**columns):
    """A row of a negotiation with these columns, and nothing in the others."""
    return NegotiationRow(**dict.fromkeys(NegotiationRow.COLUMNS) | columns)


def _negotiation(peer):
    terms = product_terms() | {"policy": offers.rules(product()["policy"])}
    prices = {"own_price": 100, "their_price": 90, "price": 95, "rounds": 2, "mandate": None}
    about = {"product": PRODUCT, "offer": listed_offer(), "terms": terms, "digest": DIGEST}
    return about | prices | {"peer_address": peer.address}


def said(process, message, ours, theirs, role):
    """A valid message of the peer about a process; `role` is ours."""
    provider, consumer = (ours, theirs) if role == states.PROVIDER else (theirs, ours)
    build = _NEGOTIATION if process == states.NEGOTIATION else _TRANSFER
    return build[message](provider, consumer)


def first(process, message, theirs, callback, *, agreement="urn:a", transfer_format="f"):
    """A valid message with which a peer begins a process under its id `theirs`."""
    if process == states.TRANSFER:
        return messages.transfer_request(theirs, agreement, transfer_format, callback)
    if message == "offer":
        return messages.contract_offer(provider_pid=theirs, offer=listed_offer(), callback=callback)
    return messages.contract_request(consumer_pid=theirs, offer=listed_offer(), callback=callback)


def _agreement(provider, consumer):
    agreement = {"@id": "urn:a", "@type": "Agreement", "target": PRODUCT, "assigner": "p", "assignee": "c"}
    return messages.contract_agreement(provider, consumer, agreement | {"permission": [{"action": "use"}]})


def _ending(process, message):
    return lambda provider, consumer: messages.ending(process, message, provider, consumer, reasons=["no more"])


_NEGOTIATION = {
    "request": lambda provider, consumer: messages.contract_request(
        consumer_pid=consumer, provider_pid=provider, offer=listed_offer()
    ),
    "offer": lambda provider, consumer: messages.contract_offer(
        provider_pid=provider, consumer_pid=consumer, offer=listed_offer()
    ),
    "accept": lambda provider, consumer: messages.event("accept", provider, consumer),
    "agreement": _agreement,
    "verification": messages.verification,
    "finalize": lambda provider, consumer: messages.event("finalize", provider, consumer),
    "termination": _ending(states.NEGOTIATION, "termination"),
}
_TRANSFER = {
    "request": lambda _, consumer: messages.transfer_request(consumer, "urn:a", "f", "http://nowhere"),
    "start": lambda provider, consumer: messages.transfer_start(provider, consumer, data_address.write("http://d", {})),
    "completion": messages.transfer_completion,
    "suspension": _ending(states.TRANSFER, "suspension"),
    "termination": _ending(states.TRANSFER, "termination"),
}
