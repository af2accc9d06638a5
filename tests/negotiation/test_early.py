"""A message that came before its peer had stored the state in which it takes it: tried again, or over."""

import pytest

from connector.negotiation.asking import SILENCE, Heard
from connector.negotiation.outbox import REFUSED
from connector.negotiation.outcome import Outcome, is_early
from connector.negotiation.protocol.states import NEGOTIATION, TRANSFER
from connector.store.rows.protocol import OutboxRow
from tests.negotiation.world import START


def outgoing(process, kind):
    about = {"id": "o", "peer": "did:web:peer", "url": "http://peer", "body": {}, "subject": "urn:uuid:a"}
    at = {"attempts": 0, "due": START, "deadline": START, "error": "", "created": START}
    return OutboxRow(process=process, kind=kind, **about, **at)


EARLY = {
    "it is where it takes it": (NEGOTIATION, "agreement", 409, Heard("REQUESTED", ""), True),
    "a transfer": (TRANSFER, "start", 409, Heard("REQUESTED", ""), True),
    "it says no state": (NEGOTIATION, "agreement", 409, Heard("", "asked, the consumer answered 500"), True),
    "it is away": (NEGOTIATION, "agreement", 409, Heard("", "asked, it did not answer", there=False), True),
    "it is elsewhere": (NEGOTIATION, "agreement", 409, Heard("VERIFIED", ""), False),
    "it is over": (TRANSFER, "start", 409, Heard("TERMINATED", ""), False),
    "it knows no such": (NEGOTIATION, "agreement", 409, Heard("", "", known=False), False),
    "it was not asked": (NEGOTIATION, "request", 409, SILENCE, False),
    "it is refused": (NEGOTIATION, "agreement", 400, Heard("REQUESTED", ""), False),
}


@pytest.mark.parametrize("case", EARLY)
def test_a_conflict_is_final_only_where_the_peers_own_state_says_so(case):
    process, kind, status, heard, early = EARLY[case]
    outcome = Outcome(REFUSED, None, "409 Conflict", heard, status)
    assert is_early(outgoing(process, kind), outcome) is early
