"""What we do when a process has entered a state: a table, so that an operator can say it otherwise.

Law: a missing row means *hold*: nothing is sent until the peer, the operator or the deadline moves the process. The
words are acts of `connector.engine.negotiation.Negotiations` and `connector.engine.transfer.Transfers`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from connector.protocol.states import (
    ACCEPTED,
    AGREED,
    CONSUMER,
    NEGOTIATION,
    OFFERED,
    PROVIDER,
    REQUESTED,
    TRANSFER,
    VERIFIED,
)

Reactions = Mapping[tuple[str, str, str], str]

DEFAULT: Final[Reactions] = MappingProxyType(
    {
        # process, our role, state -> act
        (NEGOTIATION, PROVIDER, REQUESTED): "bargain",
        (NEGOTIATION, CONSUMER, OFFERED): "bargain",
        (NEGOTIATION, PROVIDER, ACCEPTED): "agree",
        (NEGOTIATION, CONSUMER, AGREED): "verify",
        (NEGOTIATION, PROVIDER, VERIFIED): "finalize",
        (TRANSFER, PROVIDER, REQUESTED): "start",
    }
)
