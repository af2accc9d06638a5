"""Every setting, declared once: its section, type and default, and the sentence that stands above it in the file."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from connector.runtime.limits import PRESENTED_SECONDS, REQUEST_SECONDS_MAX
from ledger.log.head_share import AGGREGATE_FROM_SIGNERS

if TYPE_CHECKING:
    from collections.abc import Mapping


# who puts the heads of a log on chain
OWN, SPACE = "own", "space"
ANCHORS = (OWN, SPACE)


def _said(default: Any, comment: str) -> Any:
    """Declare a setting: its default and the sentence that stands above it in the file."""
    return field(default=default, metadata={"comment": comment})


@dataclass(frozen=True, slots=True)
class Participant:
    """Who we are."""

    name: str = _said("A participant", "the name that people see")
    roles: tuple[str, ...] = _said(
        ("buyer",), "any of provider, buyer, exchange, regulator, service, broker, arbitrator, node"
    )
    subject: str = _said("", "our unified social credit code (GB 32100), 18 characters; empty: no national codes")
    region: str = _said("US-NY", "where we are, ISO 3166: a country (US) or a part of it (US-NY)")


@dataclass(frozen=True, slots=True)
class Server:
    """Where we listen and under which address others find us."""

    host: str = _said("127.0.0.1", "the address to listen on")
    port: int = _said(7001, "the port to listen on")
    public_url: str = _said("", "the URL that others use; our did:web follows from it; empty: http://localhost:PORT")
    development: bool = _said(default=False, comment="permit plain http and loopback addresses; never in production")
    tls_certificate: str = _said("", "PEM file of the certificate chain")
    tls_key: str = _said("", "PEM file of its private key")
    peer_certificates: str = _said(
        "", 'certificates of peers on the national interfaces: "asked" or "required"; we show ours; empty: neither'
    )
    request_seconds: int = _said(
        REQUEST_SECONDS_MAX, "how long a caller may take to send a request, or to take nothing of an answer"
    )
    trust: str = _said("", "PEM file of authorities that sign our peers' certificates, besides the public ones")
    networks: tuple[str, ...] = _said((), 'private networks in which peers may live, such as "10.8.0.0/16"')


@dataclass(frozen=True, slots=True)
class Trust:
    """Which verifiable credentials a peer shows us, and which of ours we show (DCP 1.0.1)."""

    required: tuple[str, ...] = _said((), 'types of credentials that a peer must show, such as "MembershipCredential"')
    asked: tuple[str, ...] = _said(
        (), 'types that it is asked for and need not show: policies ask of them, such as "LegalPersonCredential"'
    )
    issuers: tuple[str, ...] = _said(
        (), 'who issues them, as "DID TYPE TYPE", or "DID *" for all types; the exchange of our space is one without'
    )
    shown: tuple[str, ...] = _said(
        ("MembershipCredential", "RoleCredential", "LegalPersonCredential"),
        'types of ours that those whom we call may see; "*": all',
    )
    connector: str = _said(
        "", "address of a connector of another make that acts under our DID, without its slash; empty: none"
    )
    fresh_seconds: int = _said(
        PRESENTED_SECONDS, "how long what a peer has shown counts before it is checked again; 0: show it with each call"
    )

    signed_keys: bool = _said(
        False,
        "true: a member's document counts only where the key of its log has signed its keys, from the first call on",
    )
    subject_level: int = _said(
        0,
        "as a node: the least level (1 to 3) at which a subject is proven before it has codes; 0: none, which is said",
    )
    member_level: int = _said(
        0,
        "as an exchange: the least level (1 to 3) to which an applicant proves who it is; 0: none, which is said",
    )

    @property
    def sought(self) -> tuple[str, ...]:
        """What a peer is asked for: what it must show, and what it need not."""
        return tuple(dict.fromkeys((*self.required, *self.asked)))


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """Where our tables are."""

    database: str = _said(
        "", "postgresql://user@host/database, for several processes side by side; empty: a file in the data folder"
    )


@dataclass(frozen=True, slots=True)
class Space:
    """The data space we belong to."""

    exchange: str = _said("", "URL of the exchange; empty if this is the exchange, or for a lone connector")
    watch_seconds: int = _said(
        0, "as an exchange: how often members tell which uses run, and learn which to stop; 0: it watches none"
    )
    currency: str = _said("", "currency that the exchange founds its space in (ISO 4217, two decimals); empty: CNY")


@dataclass(frozen=True, slots=True)
class ChainSettings:
    """The chain of the space."""

    rpc: str = _said("", "JSON-RPC addresses, commas between; empty: the exchange's /rpc, or the embedded chain")
    confirmations: int = _said(0, "blocks above a transaction before it counts; 0 on a chain that never reorganises")
    claim_margin_seconds: int = _said(3600, "time kept free before a voucher lapses, to claim it on chain")
    stale_max_seconds: int = _said(900, "longest time since the chain was seen during which keys are still released")
    aggregate_signers: int = _said(
        AGGREGATE_FROM_SIGNERS, "from so many witnesses on a head is anchored by one BLS signature, if the chain can"
    )
    found_with_bls: bool = _said(
        default=False, comment="found the embedded chain with the precompiles for that (EIP-2537; slow in Python)"
    )


@dataclass(frozen=True, slots=True)
class LogSettings:
    """Our own log."""

    anchor_interval_seconds: int = _said(
        600, "have what is new witnessed and anchored on chain this often, nothing new costs nothing; 0: not by time"
    )
    anchor: str = _said(
        OWN, 'who puts our heads on chain: "own", or "space": the exchange, those of many in one tree, at its cost'
    )
    anchor_events: int = _said(0, "anchor the head on chain when so many events are new; 0: not by count")
    hybrid: bool = _said(
        default=False,
        comment="have event fields sealed to us by X25519 with ML-KEM-768: our own, and a supervisor those of others",
    )
    archive: bool = _said(
        default=True,
        comment="move old events out of the tables into objects: DATA/log/, or where vault.blobs says",
    )


@dataclass(frozen=True, slots=True)
class Review:
    """The exchange's review of submitted products."""

    automatic: bool = _said(default=False, comment="review and list each product when it is submitted")
    hooks: tuple[str, ...] = _said((), "programs and addresses that look at the drawn pieces, too (docs/exchange.md)")


@dataclass(frozen=True, slots=True)
class Federation:
    """What the exchange tells other exchanges, and how often it asks them."""

    readers: tuple[str, ...] = _said((), 'DIDs of exchanges that may read our changes; "*": whoever proves who it is')
    interval_seconds: int = _said(600, "time between two readings of a source")


@dataclass(frozen=True, slots=True)
class NegotiationSettings:
    """How often we bargain, and how long anybody may take."""

    rounds_max: int = _said(8, "offers and counter-offers in one negotiation")
    deadline_seconds: int = _said(
        600, "time for one step of a negotiation or transfer, ours or the peer's; then the process is ended"
    )
    collections: tuple[str, ...] = _said(
        (), 'who is in the collections that policies name, as "COLLECTION MEMBER MEMBER"; of others nobody knows'
    )


@dataclass(frozen=True, slots=True)
class Transfers:
    """How fast sealed bytes leave."""

    bytes_per_second: int = _said(0, "of all transfers together; agreements share it by their weights; 0: no limit")
    agreement_bytes_per_second: int = _said(0, "of one agreement, unless `rates` names it; 0: no limit")
    rates: tuple[str, ...] = _said((), 'limits of single agreements, as "DIGEST=BYTES PER SECOND"')
    weights: tuple[str, ...] = _said((), 'agreements that get more than the others, as "DIGEST=TIMES"')


@dataclass(frozen=True, slots=True)
class KeySettings:
    """Where keys of identity lie."""

    module: str = _said(
        "", "a pkcs11: URI of the module that has the keys of tokens, agreements and log; empty: files in DATA/keys"
    )


@dataclass(frozen=True, slots=True)
class Vault:
    """Where sealed bytes and what opens them rest."""

    kek_file: str = _said(
        "", "file of the key that wraps the vault's keys, outside the data folder, or a pkcs11: URI; empty: DATA.kek"
    )
    blobs: str = _said("", "where our sealed editions rest: `s3://bucket/prefix`; empty: in the data folder")
    serve: bool = _said(default=False, comment="serve the sealed bytes of replicas held here to other licensed buyers")


@dataclass(frozen=True, slots=True)
class Compute:
    """What answers where the data are, beside what comes with this program."""

    engines: tuple[str, ...] = _said(
        (), 'engines that products may name, as "NAME PYTHON FILE", both with their whole paths (docs/compute.md)'
    )


@dataclass(frozen=True, slots=True)
class Console:
    """What people may do in a browser."""

    folders: tuple[str, ...] = _said(
        (), "folders whose files the console may publish, not those below them; none: only `penstock publish` does"
    )
    roots: tuple[str, ...] = _said(
        (),
        "folders below which who may act on the console may add to `folders`; none: only `penstock admin folder` does",
    )
    uploads: int = _said(
        4096, "most that files sent from a browser to be published take on disk, all together, in MiB; 0: none is taken"
    )
    opened: str = _said("", "folder in which the console lays what it opens of a replica; empty: it opens none")
    budget: int = _said(
        0, "most that the console buys for in a calendar month, in hundredths of the currency; 0: no limit of its own"
    )


@dataclass(frozen=True, slots=True)
class Oidc:
    """Where people sign in to the console besides: an OpenID provider."""

    issuer: str = _said("", "the provider, as its tokens name it, such as https://login.example/realms/us; empty: none")
    client_id: str = _said("", "what we are called there; it sends browsers back to OUR-URL/console/provider/callback")
    secret_file: str = _said("", "file of our secret there, seen from the data folder; empty: we have none, PKCE alone")
    scope: str = _said("openid profile", "what we ask for")
    name: str = _said("preferred_username", "the claim that an account is called by")
    groups: str = _said("groups", "the claim that has a person's groups; within another: realm_access.roles")
    roles: tuple[str, ...] = _said(
        (),
        'who of a group gets an account, and its roles: "GROUP ROLE ROLE", "GROUP *"; none: the owner makes accounts',
    )
    operators: tuple[str, ...] = _said((), "groups whose people may act, not only look")
    strong: tuple[str, ...] = _said(
        ("mfa", "otp", "hwk"), "who may act has shown one of these at the provider (`acr`, `amr`), not a one-time code"
    )


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What we tell those who watch over us."""

    logs: str = _said("text", "form of the lines on stderr: text, or json for one object a line")
    otlp: str = _said("", "OpenTelemetry collector that gets our spans, such as http://localhost:4318; empty: none")
    access_days: int = _said(30, "how long it is kept who asked us for what (DATA/access), in days; 0: it is not")
    delivery_days: int = _said(
        180,
        "how long each delivery over the national interfaces is kept (`penstock ndi delivered`), in days: 180 at least",
    )
    access_mib: int = _said(256, "most room that this takes, in MiB; the oldest goes first")


@dataclass(frozen=True, slots=True)
class Development:
    """What stands for identity while a connector is tried out against somebody who has none."""

    static_token: str = _said(
        "", "a request with exactly this Authorization header is from `static_peer`; never in use"
    )
    static_peer: str = _said("", "the participant id of whoever sends `static_token`; we send it the same header")


SECTIONS: Mapping[str, type] = {
    "participant": Participant,
    "server": Server,
    "trust": Trust,
    "store": StoreSettings,
    "space": Space,
    "chain": ChainSettings,
    "log": LogSettings,
    "review": Review,
    "federation": Federation,
    "negotiation": NegotiationSettings,
    "transfers": Transfers,
    "keys": KeySettings,
    "vault": Vault,
    "compute": Compute,
    "console": Console,
    "oidc": Oidc,
    "telemetry": Telemetry,
    "development": Development,
}


# whoever knows one is taken for somebody
SECRET = frozenset({"development.static_token", "store.database"})


def declared() -> dict[str, Any]:
    """Return "section.key" → default."""
    return {f"{section}.{each.name}": each.default for section, kind in SECTIONS.items() for each in fields(kind)}


def names(kind: type) -> list[str]:
    """Return the keys of one section."""
    return [each.name for each in fields(kind)]
