"""Whether a credential still holds by its issuer's word: status lists, and schemas that it says it follows.

Law: (1) a status list counts that its credential's own issuer signed, or, unsigned, that is served where the issuer's
keys are: by the host of its did:web. (2) It is read again after STATUS_SECONDS at most; one that cannot be read then
refuses the credential. (3) A kind of status, purpose or schema that is not known here refuses the credential, too.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import jsonschema_rs
import orjson

from connector.identity import did as dids
from connector.operation.dcp import jose
from connector.runtime.errors import VerificationFailed
from connector.runtime.limits import LISTS_KEPT_MAX, SCHEMA_BYTES_MAX, STATUS_LIST_BYTES_MAX, STATUS_SECONDS
from contracts.credential import status_list
from contracts.credential.profiles import LISTS
from contracts.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.core import Core
    from connector.identity.peers import Peers
    from contracts.credential.model import Credential, Schema, Status

# a status list that its issuer signed
LIST_TYPE: Final = "application/vc+jwt"
# a set bit of these means that the credential does not hold
ENDING: Final = frozenset({"revocation", "suspension"})
# kind of a schema → whether it is of the whole credential, not of its claims alone
SCHEMAS: Final[Mapping[str, bool]] = {"JsonSchema": True, "JsonSchemaValidator2018": False}


class Statuses:
    """Status lists and schemas as last read."""

    def __init__(self, core: Core, peers: Peers) -> None:
        self._outbound, self._clock, self._peers = core.outbound, core.clock, peers
        self._development = core.settings.server.development
        # who wants to know sooner reads a list as often as it looks
        self._age = min(STATUS_SECONDS, core.settings.trust.fresh_seconds or STATUS_SECONDS)
        self._lists: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._schemas: OrderedDict[str, Any] = OrderedDict()

    async def check(self, credential: Credential) -> None:
        """Raise VerificationFailed for a credential that is revoked or suspended, or breaks its own schema.

        Raises PeerUnreachable where its list cannot be had at this moment.
        """
        for status in credential.statuses:
            if status.purpose not in ENDING or status.kind not in LISTS:
                raise VerificationFailed(f"a status `{status.kind[:60]}` for `{status.purpose[:60]}` is not known here")
            bits = await self._bits(status, credential.issuer)
            if _is_set(bits, status.place):
                raise VerificationFailed(f"`{credential.issuer}` says by its status list: {status.purpose}")
        for schema in credential.schemas:
            await self._follow(schema, credential)

    async def _bits(self, status: Status, issuer: str) -> bytes:
        key, now = f"{issuer} {status.purpose} {status.url}", self._clock.monotonic()
        read, bits = self._lists.get(key, (0.0, b""))
        if not bits or now - read >= self._age:
            bits = await self._read(status, issuer)
            _put(self._lists, key, (now, bits))
        return bits

    async def _read(self, status: Status, issuer: str) -> bytes:
        accepted = {"Accept": f"{LIST_TYPE}, application/json"}
        answer = await self._outbound.get(status.url, headers=accepted, limit_bytes=STATUS_LIST_BYTES_MAX)
        body = answer.body.strip()
        if body.startswith(b"{"):
            own = urlsplit(dids.url_of(issuer, development=self._development))
            if urlsplit(status.url)[:2] != own[:2]:
                raise VerificationFailed("a status list of another host than its issuer's is not signed")
            payload = answer.json()
        else:
            signed = jose.take_apart(body.decode("ascii", errors="replace"))
            if signed.signer != issuer:
                raise VerificationFailed("a status list is signed by another than the issuer of the credential")
            jose.verify(signed, (await self._peers.naming(issuer, signed.kid)).proofs["assertionMethod"])
            payload = signed.payload
        return _list_of(payload, status, issuer)

    async def _follow(self, schema: Schema, credential: Credential) -> None:
        if schema.kind not in SCHEMAS:
            raise VerificationFailed(f"a schema of the kind `{schema.kind[:60]}` is not known here")
        if schema.url not in self._schemas:
            answer = await self._outbound.get(schema.url, limit_bytes=SCHEMA_BYTES_MAX)
            _put(self._schemas, schema.url, _validator(answer.body))
        instance = credential.document if SCHEMAS[schema.kind] else credential.subject
        if not self._schemas[schema.url].is_valid(instance):
            raise VerificationFailed("a credential does not follow the schema that it names")


def _validator(body: bytes) -> Any:
    try:
        return jsonschema_rs.validator_for(orjson.loads(body), retriever=_refuse)
    except (ValueError, jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as error:
        raise VerificationFailed("the schema that a credential names is none") from error


def _refuse(address: str) -> Any:
    raise ValueError(f"a schema refers to `{address[:100]}`, and nothing is fetched for it")


def _list_of(payload: Any, status: Status, issuer: str) -> bytes:
    """Return the bits of a status list credential; raises VerificationFailed for one of somebody or something else."""
    inner = payload.get("vc") if isinstance(payload, dict) else None
    told = inner if isinstance(inner, dict) else payload if isinstance(payload, dict) else {}
    named, subject = told.get("issuer", payload.get("iss") if isinstance(payload, dict) else None), _first(told)
    if (named.get("id") if isinstance(named, dict) else named) != issuer:
        raise VerificationFailed("a status list is of another issuer than the credential")
    if subject.get("type") != LISTS[status.kind] or subject.get("statusPurpose") != status.purpose:
        raise VerificationFailed("a status list is of another kind, or for another purpose, than the credential says")
    try:
        return status_list.read(subject.get("encodedList"))
    except ContractError as error:
        raise VerificationFailed(f"a status list cannot be read: {error}") from error


def _first(told: Mapping[str, Any]) -> Mapping[str, Any]:
    subject = told.get("credentialSubject")
    one = subject[0] if isinstance(subject, list) and subject else subject
    return one if isinstance(one, dict) else {}


def _is_set(bits: bytes, place: int) -> bool:
    try:
        return status_list.is_set(bits, place)
    except ContractError as error:
        raise VerificationFailed(str(error)) from error


def _put(kept: OrderedDict[str, Any], key: str, value: Any) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > LISTS_KEPT_MAX:
        kept.popitem(last=False)
