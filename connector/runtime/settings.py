"""The settings of one participant: `penstock.toml` in its data directory, the environment over it, flags over both.

Law: a key nobody declared is refused, in the file and in the environment alike; each value remembers where it came
from; what contradicts itself is refused when it is read, not when it is used. Secrets are no settings: keys and the
management token are files of their own.
"""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from catalog import roles
from catalog.watching import WATCH_SECONDS_MAX
from connector.runtime import files, settings_sources
from connector.runtime.errors import SettingsError
from connector.runtime.settings_table import (
    ANCHORS,
    SECTIONS,
    SPACE,
    ChainSettings,
    Compute,
    Console,
    Development,
    Federation,
    KeySettings,
    LogSettings,
    NegotiationSettings,
    Oidc,
    Participant,
    Review,
    Server,
    Space,
    StoreSettings,
    Telemetry,
    Transfers,
    Trust,
    Vault,
    declared,
    names,
)
from contracts import currencies
from contracts.credential.kinds import LEVELS
from contracts.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILE_NAME = "penstock.toml"
EVERY_ADDRESS = ("0.0.0.0", "::", "")  # noqa: S104 - what is listened to, told apart from what is connected to
LOOPBACK = ("localhost", "127.0.0.1")  # whose DIDs are looked up over http under development (`identity.did`)
LOG_FORMS = ("text", "json")
PEER_CERTIFICATES = ("asked", "required")
# logs of deliveries are kept six months by NDI-TR-2025-05
DELIVERY_DAYS_MIN = 180
ROLES = tuple(roles.ROLES)
_SUBJECT = re.compile(r"[0-9A-Z]{18}")
_REGION = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, checked; `origins` maps "section.key" to where the value came from."""

    participant: Participant
    server: Server
    trust: Trust
    store: StoreSettings
    space: Space
    chain: ChainSettings
    log: LogSettings
    review: Review
    federation: Federation
    negotiation: NegotiationSettings
    transfers: Transfers
    keys: KeySettings
    vault: Vault
    compute: Compute
    console: Console
    oidc: Oidc
    telemetry: Telemetry
    development: Development
    origins: Mapping[str, str]

    @property
    def url(self) -> str:
        """Our public base URL, without a slash at the end."""
        scheme = "https" if self.server.tls_certificate else "http"
        return self.server.public_url or f"{scheme}://localhost:{self.server.port}"

    @property
    def authority(self) -> str:
        """Our host, and our port if it is not the scheme's own."""
        return urlsplit(self.url).netloc

    @property
    def did(self) -> str:
        """Our participant id, `did:web:host` or `did:web:host%3Aport`."""
        return "did:web:" + self.authority.replace(":", "%3A")

    @property
    def log_origin(self) -> str:
        """The name of our log in checkpoints: scheme-less, `host:port/log`."""
        return self.authority + "/log"

    @property
    def side_by_side(self) -> bool:
        """Whether several processes serve us at once, on tables of a server: an exchange alone, or whoever is none."""
        return bool(self.store.database) and (self.is_copied or not self.has("exchange"))

    @property
    def is_copied(self) -> bool:
        """Whether each process has a folder of its own: an exchange alone keeps nothing in it that counts."""
        return self.participant.roles == ("exchange",)

    @property
    def own_url(self) -> str:
        """Where this very process answers, for the others of ours; the public address may be a balancer's."""
        scheme = "https" if self.server.tls_certificate else "http"
        host = socket.gethostname() if self.server.host in EVERY_ADDRESS else self.server.host
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{self.server.port}"

    def has(self, role: str) -> bool:
        """Whether we play `role`."""
        return role in self.participant.roles

    def origin(self, key: str) -> str:
        """Where the value of "section.key" came from: "default", the file, a variable or a flag."""
        return self.origins.get(key, "default")


def load(data: Path, environment: Mapping[str, str], flags: Mapping[str, Any] | None = None) -> Settings:
    """Read the settings of the data directory; `flags` maps "section.key" to values, None means not given.

    Raises `SettingsError` for an absent or unreadable file, an unknown key, a wrong type, or a contradiction.
    """
    path = data / FILE_NAME
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    given = {key: value for key, value in (flags or {}).items() if value is not None}
    from_flags = {key: (value, "flag") for key, value in given.items()}
    layers = (settings_sources.from_file(path), settings_sources.from_environment(environment), from_flags)
    for layer in layers:
        for key, (value, origin) in layer.items():
            values[key] = settings_sources.typed(key, value, origin)
            origins[key] = origin
    return build(values, origins)


def build(values: Mapping[str, Any], origins: Mapping[str, str] | None = None) -> Settings:
    """Return checked settings from "section.key" → value; what is absent has its default."""
    known = declared()
    for key in values:
        if key not in known:
            raise SettingsError(f"unknown setting `{key}`", f"known are {', '.join(known)}")
    sections = {
        section: kind(**{name: values[f"{section}.{name}"] for name in names(kind) if f"{section}.{name}" in values})
        for section, kind in SECTIONS.items()
    }
    settings = Settings(**sections, origins=dict(origins or {}))
    _check(settings)
    return settings


def write_default(path: Path, values: Mapping[str, Any] | None = None) -> None:
    """Write a commented file with every setting: `values` ("section.key" → value) as given, the rest as defaults."""
    settings = build(values or {})
    text = settings_sources.as_file(lambda section, name: getattr(getattr(settings, section), name))
    files.write_atomic(path, text.encode())


def _check(settings: Settings) -> None:
    """Refuse what contradicts itself; each sentence names the setting."""
    space = settings.space
    unknown = [role for role in settings.participant.roles if role not in ROLES]
    if unknown or not settings.participant.roles:
        raise SettingsError(f"`participant.roles` has {unknown or 'nobody'}", f"choose from {', '.join(ROLES)}")
    if not _REGION.fullmatch(settings.participant.region):
        raise SettingsError(f"`participant.region` is `{settings.participant.region}`, expected a code such as US-NY")
    if settings.participant.subject and not _SUBJECT.fullmatch(settings.participant.subject):
        raise SettingsError("`participant.subject` is no unified social credit code", "18 digits and capital letters")
    _check_server(settings)
    if settings.url != settings.url.lower() or settings.url.endswith("/"):
        raise SettingsError(
            f"`server.public_url` is `{settings.url}`", "write it in small letters, no slash at the end"
        )
    if space.exchange:
        _check_base("space.exchange", space.exchange, settings)
    if space.exchange and settings.has("exchange"):
        raise SettingsError("`space.exchange` is set, but this participant is an exchange", "leave it empty")
    if space.watch_seconds > WATCH_SECONDS_MAX:
        raise SettingsError(f"`space.watch_seconds` is {space.watch_seconds}", f"at most {WATCH_SECONDS_MAX}")
    _check_currency(settings)
    _check_store(settings)
    if settings.log.anchor not in ANCHORS:
        raise SettingsError(f"`log.anchor` is `{settings.log.anchor}`", f"choose from {', '.join(ANCHORS)}")
    if settings.log.anchor == SPACE and not space.exchange:
        raise SettingsError("`log.anchor` is `space`, but no exchange anchors for us", "name it in `space.exchange`")
    _check_static(settings)
    _check_shares(settings)
    _check_collections(settings)
    _check_engines(settings)
    _check_trust(settings)
    _check_oidc(settings)
    _check_telemetry(settings)
    for section, name in (key.split(".") for key, value in declared().items() if type(value) is int):
        if getattr(getattr(settings, section), name) < 0:
            raise SettingsError(f"`{section}.{name}` is negative")
    if settings.negotiation.rounds_max < 2 or settings.negotiation.deadline_seconds < 1:
        raise SettingsError("`negotiation.rounds_max` is at least 2, `negotiation.deadline_seconds` at least 1")


def _check_server(settings: Settings) -> None:
    server = settings.server
    if not 1 <= server.port <= 65535:
        raise SettingsError(f"`server.port` is {server.port}, expected 1 to 65535")
    if server.request_seconds < 1:
        raise SettingsError(f"`server.request_seconds` is {server.request_seconds}, expected at least 1")
    if bool(server.tls_certificate) != bool(server.tls_key):
        raise SettingsError("`server.tls_certificate` and `server.tls_key` go together")
    if server.tls_certificate and settings.url.startswith("http:"):
        raise SettingsError(f"`server.public_url` is `{settings.url}`, but we serve TLS", "write it with https")
    if server.tls_certificate and server.development and urlsplit(settings.url).hostname in LOOPBACK:
        text = f"under development the DID of `{settings.url}` is looked up over plain http, but we serve TLS"
        raise SettingsError(text, "leave `server.development` or `server.tls_certificate` out")
    _check_base("server.public_url", settings.url, settings)
    if server.peer_certificates not in ("", *PEER_CERTIFICATES):
        text = f"`server.peer_certificates` is `{server.peer_certificates}`"
        raise SettingsError(text, f"leave it empty, or choose from {', '.join(PEER_CERTIFICATES)}")
    if server.peer_certificates and (not server.tls_certificate or settings.side_by_side):
        hint = "name `server.tls_certificate`, and serve by one process: another one of ours does not see who calls"
        raise SettingsError("`server.peer_certificates` is set, but we do not end the TLS of all who call us", hint)


def _check_currency(settings: Settings) -> None:
    """Refuse a currency that the settlement token cannot count, and one of a member: its exchange has said it."""
    told = settings.space
    if not told.currency:
        return
    if told.exchange:
        raise SettingsError("`space.currency` is the exchange's to say", "leave it empty: the space's document has it")
    try:
        currencies.settled(told.currency)
    except ContractError as error:
        raise SettingsError(f"`space.currency`: {error}") from error


def _check_store(settings: Settings) -> None:
    """Refuse a database that is no address or holds a password, and a chain that several processes cannot share."""
    if not (place := settings.store.database):
        return
    parts = urlsplit(place)
    if parts.scheme != "postgresql" or not parts.path.strip("/"):
        raise SettingsError("`store.database` is no postgresql://user@host/database", "leave it empty for a file")
    if parts.password is not None or "password" in dict(parse_qsl(parts.query)):
        raise SettingsError("`store.database` holds a password", "give it by PGPASSFILE or PGPASSWORD")
    if not settings.space.exchange and not settings.chain.rpc:
        text = "`store.database` is for several processes, and the embedded chain lives in one"
        raise SettingsError(text, "run `penstock chain serve` and name it in `chain.rpc`")


def _check_static(settings: Settings) -> None:
    """Refuse a static identity that is half named, or outside development."""
    static = settings.development
    if bool(static.static_token) != bool(static.static_peer):
        raise SettingsError("`development.static_token` and `development.static_peer` go together")
    if static.static_token and not settings.server.development:
        raise SettingsError("`development.static_token` needs `server.development`", "never set either in public")
    if static.static_peer.startswith("did:"):
        raise SettingsError("`development.static_peer` is a DID, whose owner proves itself", "choose another name")


def _check_telemetry(settings: Settings) -> None:
    told = settings.telemetry
    if told.logs not in LOG_FORMS:
        raise SettingsError(f"`telemetry.logs` is `{told.logs}`", f"choose from {', '.join(LOG_FORMS)}")
    if told.delivery_days < DELIVERY_DAYS_MIN:
        text = f"`telemetry.delivery_days` is {told.delivery_days}, and six months are asked for by NDI-TR-2025-05"
        raise SettingsError(text, f"{DELIVERY_DAYS_MIN} at least")
    if told.otlp and urlsplit(told.otlp).scheme not in ("http", "https"):
        raise SettingsError(f"`telemetry.otlp` is `{told.otlp}`, expected http(s)://host:port")


def _check_trust(settings: Settings) -> None:
    """Refuse a line that names no issuer or no type, and a type that no issuer could give."""
    lines = [line.split() for line in settings.trust.issuers]
    for line in lines:
        if len(line) < 2 or not line[0].startswith("did:web:"):
            raise SettingsError(f"`trust.issuers` has `{' '.join(line)[:100]}`", 'write "did:web:HOST TYPE TYPE"')
    trust = settings.trust
    types = (*trust.required, *trust.asked, *trust.shown)
    for name in ("subject_level", "member_level"):
        if (level := getattr(trust, name)) >= len(LEVELS):
            raise SettingsError(f"`trust.{name}` is {level}", f"0 to {len(LEVELS) - 1}")
    spaced = [kind for kind in types if not kind or kind.split() != [kind]]
    if spaced:
        raise SettingsError(f"`{spaced[0][:100]}` is no type of credentials", "it is one word")
    if told := settings.trust.connector:
        _check_connector(told, settings)


def _check_connector(told: str, settings: Settings) -> None:
    """Refuse an address that cannot be one, and a hub that is a member of a space, where its own agreements count."""
    parts = urlsplit(told)
    _check_base("trust.connector", f"{parts.scheme}://{parts.netloc}", settings)
    if told.endswith("/") or parts.query or parts.fragment:
        raise SettingsError(f"`trust.connector` is `{told}`", "write it without a slash at the end")
    if settings.space.exchange or settings.has("exchange"):
        text = "`trust.connector` is set, but a participant of a space signs agreements, and its document has their key"
        raise SettingsError(text, "give the connector a participant of its own, with no `space.exchange`")


def _check_oidc(settings: Settings) -> None:
    """Refuse a provider that is half named, or asked over plain http, and lines that give nobody a role."""
    told = settings.oidc
    parts = urlsplit(told.issuer)
    if not told.issuer:
        return
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise SettingsError(f"`oidc.issuer` is `{told.issuer}`, expected https://host or https://host/path")
    if parts.scheme == "http" and not settings.server.development:
        raise SettingsError("`oidc.issuer` is plain http", "use https, or set `server.development` on your own machine")
    if not told.client_id or "openid" not in told.scope.split():
        raise SettingsError("`oidc.issuer` needs `oidc.client_id`, and `openid` in `oidc.scope`")
    for line in told.roles:
        _group, *roles = line.split() or [""]
        if not roles or not set(roles) <= {*ROLES, "*"}:
            raise SettingsError(f"`oidc.roles` has `{line[:100]}`", f'write "GROUP ROLE"; roles are {", ".join(ROLES)}')


def _check_collections(settings: Settings) -> None:
    """Refuse what cannot be meant: each line names one collection, and no line the same twice."""
    seen: set[str] = set()
    for line in settings.negotiation.collections:
        name, *_members = line.split() or [""]
        if not name or name in seen:
            hint = "a line is the collection's IRI and those of its members, a space between; one line for each"
            raise SettingsError(f"`negotiation.collections` has `{line}`", hint)
        seen.add(name)


def _check_engines(settings: Settings) -> None:
    """Refuse what names no engine, and two of one name."""
    seen: set[str] = set()
    for line in settings.compute.engines:
        words = line.split()
        if len(words) != 3 or words[0] in seen or not all(word.startswith("/") for word in words[1:]):
            hint = "a line is a name of its own, the Python that runs it and its file, with their whole paths"
            raise SettingsError(f"`compute.engines` has `{line}`", hint)
        seen.add(words[0])


def _check_shares(settings: Settings) -> None:
    for name in ("rates", "weights"):
        try:
            settings_sources.shares(getattr(settings.transfers, name))
        except ValueError as error:
            text = f"`transfers.{name}` has `{error}`: a line is the digest of an agreement, `=` and a number above 0"
            raise SettingsError(text) from error


def _check_base(key: str, url: str, settings: Settings) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise SettingsError(f"`{key}` is `{url}`, expected http(s)://host or http(s)://host:port")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise SettingsError(f"`{key}` is `{url}`: a participant has its own host and port, no path")
    if parts.scheme == "http" and not settings.server.development:
        raise SettingsError(f"`{key}` is plain http", "use https, or set `server.development` on your own machine")
