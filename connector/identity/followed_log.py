"""The keys of a log in a DID document: `#log` signs now, `#log-1` and so on did; each has signed the one that followed.

    #log      {…, "<NS>logProof": signature of the newest former one}
    #log-2    {…, "<NS>size": entries, "<NS>until": time, "<NS>logProof": signature of #log-1}
    #log-1    {…, "<NS>size", "<NS>until"}

Law: whoever knew a log by one of these keys knows it by the present one. A former key that has not signed the one after
it makes the whole document void.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from connector.identity import jwk, vouching
from connector.runtime.errors import VerificationFailed
from connector.runtime.limits import LISTED_LOG_KEYS_MAX
from contracts.namespace import NS
from ledger.space import log_keys

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from connector.identity.former_log import FormerLogKey
    from ledger.space.log_keys import FormerLog

LOG: Final = "log"
CURVE: Final = "Ed25519"
SIZE, UNTIL = NS + "size", NS + "until"


def listed(present: bytes, former: Sequence[FormerLogKey]) -> Iterator[tuple[str, dict[str, str]]]:
    """Return the keys as a document lists them, by fragment; `former` the newest first."""
    former = former[:LISTED_LOG_KEYS_MAX]
    proofs = [{vouching.LOG_PROOF: one.proof.hex()} for one in former] + [{}]
    yield LOG, {**jwk.of_bytes(present, CURVE), **proofs[0]}
    for number, (one, proof) in enumerate(zip(former, proofs[1:], strict=True)):
        told = one.told.json()
        ends = {SIZE: told["size"], UNTIL: told["until"]}
        yield f"{LOG}-{len(former) - number}", {**jwk.of_bytes(one.key, CURVE), **ends, **proof}


def read(keys: Mapping[str, Any]) -> Iterator[tuple[str, FormerLog]]:
    """Return the former keys of a document's keys (fragment → JWK), the newest first; raises VerificationFailed."""
    for number in range(LISTED_LOG_KEYS_MAX, 0, -1):
        name = f"{LOG}-{number}"
        if (key := keys.get(name)) is None:
            continue
        told = {"key": jwk.read(key, CURVE)[0].hex(), "size": key.get(SIZE), "until": key.get(UNTIL)}
        try:
            yield name, log_keys.read(told)
        except (ValueError, TypeError) as error:
            raise VerificationFailed(f"a former key of a log is none: {error}") from error


def proven(keys: Mapping[str, Any], did: str) -> tuple[FormerLog, ...]:
    """Return the former keys, each of which has signed the one after it; raises VerificationFailed."""
    found, after = [], LOG
    for name, one in read(keys):
        vouching.require(keys[after], did, one.key)
        found.append(one)
        after = name
    return tuple(found)
