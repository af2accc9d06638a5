"""How each class of faults is told: HTTP status, exit code, whose fault, stable code, what to do.

Law: rows are found by name, "module.Class" or "module.Class#code", so that no room is loaded to explain the faults of
another; a class without a row of its own has that of the first class above it. A test walks through every exception
class of the project and fails for one that has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# exit code → what it says; the one table, shown by the help page
EXIT_CODES: Mapping[int, str] = {
    0: "done",
    1: "unexpected",
    2: "usage or invalid input",
    3: "refused by policy",
    4: "not found",
    5: "payment refused or over cap",
    6: "verification failed",
    7: "peer unreachable, safe to retry",
    8: "outcome unknown, ask again by id",
    9: "chain unreachable",
    10: "conditional: duties first",
    74: "disk",
    130: "interrupted",
}


@dataclass(frozen=True, slots=True)
class Row:
    """How one class of exceptions is told; `whose` is caller, peer, us, chain or disk."""

    status: int
    exit_code: int
    whose: str
    code: str
    hint: str = ""


# damaged pages stay damaged: room or another start mends nothing
DAMAGED = (
    "look at the disk, keep a copy of the file, see by `penstock log fsck` what is whole, then `penstock admin restore`"
    " the newest back-up"
)

# a refusal that a later message, with a fresh token, may not meet any more
CLOCK = "clock"

ROWS: Mapping[str, Row] = {
    "connector.runtime.errors.InvalidInput": Row(400, 2, "caller", "invalid"),
    "connector.runtime.errors.SettingsError": Row(400, 2, "caller", "settings", "correct it, then `penstock doctor`"),
    "connector.runtime.errors.Unproven": Row(401, 2, "caller", "unproven"),
    "connector.runtime.errors.TokenError": Row(401, 2, "caller", "token"),
    "connector.runtime.errors.ClockDiffers": Row(401, 7, "caller", CLOCK, "set both clocks by NTP"),
    "connector.runtime.errors.NotPermitted": Row(403, 3, "caller", "not-permitted"),
    "connector.runtime.errors.Conditional": Row(403, 10, "caller", "conditional", "fulfil the duties, then ask again"),
    "connector.runtime.errors.RequestRefused": Row(400, 2, "caller", "malformed", "send it as HTTP/1.1 says"),
    "connector.runtime.errors.RequestRefused#too-large": Row(413, 2, "caller", "too-large", "send less at a time"),
    "connector.runtime.errors.RequestRefused#too-slow": Row(408, 7, "caller", "too-slow", "send it again, faster"),
    "connector.runtime.errors.RequestRefused#encoded": Row(
        415, 2, "caller", "encoded", "send it without `Content-Encoding`"
    ),
    "connector.runtime.errors.RequestRefused#no-range": Row(416, 2, "caller", "no-range", "ask `HEAD` how long it is"),
    "connector.runtime.errors.RequestRefused#too-many": Row(
        429, 7, "caller", "too-many", "ask again after `Retry-After`"
    ),
    "connector.runtime.errors.Absent": Row(404, 4, "caller", "absent"),
    "connector.runtime.errors.Conflict": Row(409, 2, "caller", "conflict"),
    "connector.runtime.errors.PaymentRefused": Row(402, 5, "caller", "payment"),
    "connector.runtime.errors.PurchaseRefused": Row(409, 5, "caller", "purchase-refused"),
    "connector.runtime.errors.VerificationFailed": Row(422, 6, "peer", "verification"),
    "connector.runtime.errors.AddressRefused": Row(400, 2, "caller", "address"),
    "connector.runtime.errors.PeerUnreachable": Row(503, 7, "peer", "peer-unreachable", "ask again, nothing is lost"),
    "connector.runtime.errors.PeerRefused": Row(502, 1, "peer", "peer-refused"),
    "connector.runtime.errors.PeerMisbehaved": Row(502, 6, "peer", "peer-misbehaved"),
    "connector.runtime.errors.CatchingUp": Row(503, 7, "us", "catching-up", "ask again, nothing is lost"),
    "connector.runtime.errors.OutcomeUnknown": Row(504, 8, "peer", "outcome-unknown", "ask again with the same id"),
    "connector.runtime.errors.ChainReverted": Row(502, 5, "chain", "chain-reverted"),
    "connector.runtime.errors.ReaderGone": Row(409, 130, "caller", "reader-gone", "go on with the same id"),
    "connector.runtime.errors.ServerAbsent": Row(503, 7, "caller", "server-absent", "start it with `penstock serve`"),
    "connector.runtime.errors.NoRoom": Row(507, 74, "disk", "disk", "make room"),
    "connector.runtime.errors.ModuleFailed": Row(
        503, 7, "us", "key-module", "see that the module and its token are there, then ask again"
    ),
    "connector.runtime.errors.PenstockError": Row(500, 1, "us", "unexpected"),
    "connector.store.errors.StoreError": Row(500, 1, "us", "unexpected"),
    "connector.store.errors.EvidenceBroken": Row(507, 74, "disk", "evidence", "restore the log from a mirror"),
    "connector.store.peer_heads.ForkFound": Row(409, 6, "peer", "fork", "keep both notes, tell the regulator"),
    "connector.store.errors.StoreForeign": Row(409, 2, "caller", "store-foreign", "begin a new data directory"),
    "connector.store.errors.StoreFailed": Row(507, 74, "disk", "disk", "make room or replace the disk, then restart"),
    "connector.store.errors.StoreDamaged": Row(507, 74, "disk", "damaged", DAMAGED),
    "connector.store.errors.StoreBusy": Row(503, 7, "us", "busy", "ask again"),
    "connector.store.errors.StoreClosed": Row(503, 7, "us", "stopping", "ask again"),
    "connector.store.errors.Duplicate": Row(409, 2, "caller", "duplicate"),
    "connector.negotiation.protocol.errors.ProtocolError": Row(400, 2, "peer", "protocol"),
    "connector.negotiation.protocol.errors.UnknownError": Row(404, 4, "peer", "unknown"),
    "connector.channel.errors.ChannelFault": Row(409, 5, "peer", "channel"),
    "connector.channel.errors.ChannelFault#malformed": Row(400, 2, "peer", "malformed"),
    "connector.channel.errors.ChannelFault#over-cap": Row(402, 5, "caller", "over-cap"),
    "connector.channel.errors.ChannelFault#over-exposure": Row(402, 5, "caller", "over-exposure"),
    "connector.channel.errors.ChannelFault#over-credit": Row(402, 5, "caller", "over-credit"),
    "connector.channel.errors.ChannelFault#exhausted": Row(403, 3, "caller", "exhausted"),
    "connector.enforcement.uses.Exhausted": Row(403, 3, "caller", "exhausted"),
    "connector.channel.errors.ChannelFault#unknown-channel": Row(404, 4, "caller", "unknown-channel"),
    "connector.channel.errors.ChannelFault#unknown-agreement": Row(404, 4, "caller", "unknown-agreement"),
    "connector.channel.errors.ChannelFault#wrong-preimage": Row(422, 6, "peer", "wrong-preimage"),
    "connector.channel.errors.ChannelLater": Row(503, 7, "peer", "later", "send the same bytes again later"),
    "connector.chain.parcel.NonceTakenError": Row(
        503, 9, "us", "nonce-taken", "ask again, it is sent with the next number"
    ),
    "connector.chain.parcel.SignedMeanwhileError": Row(503, 9, "us", "signed-meanwhile", "ask again, it is sent"),
    "connector.chain.parcel.TakenBackError": Row(503, 9, "us", "taken-back", "ask again, it is sent"),
    "connector.negotiation.doors.DeclinedError": Row(409, 3, "peer", "declined"),
    "connector.demo.flights.DemoDataError": Row(400, 2, "caller", "demo-data", "install the extra `demo`"),
    "connector.custody.slabs.PoolClosed": Row(503, 7, "us", "given-up", "ask again, nothing is lost"),
    "connector.custody.errors.VaultError": Row(409, 6, "caller", "vault"),
    "connector.custody.errors.VaultError#mask": Row(400, 2, "caller", "mask"),
    "connector.custody.errors.VaultError#bucket": Row(503, 7, "us", "bucket", "ask again, nothing is lost"),
    "connector.custody.errors.VaultError#pack": Row(422, 6, "peer", "pack"),
    "policy.errors.PolicyError": Row(400, 2, "caller", "policy"),
    "policy.errors.UntoldError": Row(422, 2, "caller", "untold", "say it with fewer rules"),
    "contracts.errors.ContractError": Row(400, 2, "caller", "contract"),
    "contracts.credential.messages.UnsupportedError": Row(501, 2, "caller", "unsupported"),
    "catalog.errors.CatalogError": Row(400, 2, "caller", "catalogue"),
    "catalog.errors.ListingError": Row(409, 2, "caller", "listing"),
    "catalog.errors.DemandError": Row(409, 2, "caller", "demand"),
    "catalog.errors.ProjectError": Row(409, 2, "caller", "project"),
    "catalog.errors.DealError": Row(409, 2, "caller", "deal"),
    "catalog.errors.ComplaintError": Row(409, 2, "caller", "complaint"),
    "catalog.tabular.NotATableError": Row(400, 2, "caller", "not-a-table"),
    "ledger.chain.errors.ChainError": Row(502, 5, "chain", "chain"),
    "ledger.chain.errors.ChainUnreachable": Row(503, 9, "chain", "chain-unreachable", "ask again when it answers"),
    "ledger.embedded.archive.ArchiveError": Row(422, 6, "chain", "chain-archive", "ask for another archive"),
    "ledger.embedded.errors.RpcError": Row(400, 2, "caller", "rpc"),
    "ledger.embedded.store.ChainInUseError": Row(503, 9, "us", "chain-in-use", "stop the other process first"),
    "ledger.log.aggregate.AttestationError": Row(422, 6, "peer", "attestation"),
    "ledger.log.disclosure.DisclosureError": Row(422, 6, "peer", "disclosure"),
    "ledger.log.events.EventError": Row(422, 6, "peer", "event"),
    "ledger.log.fsck.ResourceLost": Row(502, 6, "peer", "log-lost", "read the log elsewhere"),
    "ledger.log.policy.LogPolicyError": Row(422, 6, "peer", "log-policy"),
    "ledger.audit.audit.AuditImpossible": Row(503, 7, "peer", "audit-impossible", "ask again"),
    "ledger.audit.part.NotAPart": Row(422, 6, "peer", "not-a-part", "leave it out, and ask for it again"),
    "ledger.audit.share.NotYours": Row(403, 2, "caller", "share-of-another", "judge the share that the seed gives you"),
    "ledger.audit.proven.NotProven": Row(422, 6, "us", "not-proven", "audit with --anew"),
    "ledger.audit.sources.Unavailable": Row(503, 7, "peer", "source-unavailable", "ask again"),
    "ledger.space.document.SpaceError": Row(422, 6, "peer", "space"),
    "ledger.log.merkle.ProofError": Row(422, 6, "peer", "proof"),
    "ledger.log.head_tree.HeadTreeError": Row(422, 6, "peer", "proof"),
    "ledger.log.note.NoteError": Row(422, 6, "peer", "note"),
    "ledger.log.reader.ReadError": Row(422, 6, "peer", "log"),
    "ledger.chain.state_proof.StateProofError": Row(422, 6, "peer", "state-proof"),
    "ledger.log.tiles.TileError": Row(422, 6, "peer", "tile"),
    "ledger.edition.opening.OpeningError": Row(422, 6, "peer", "opening"),
    "builtins.ConnectionError": Row(503, 7, "peer", "peer-unreachable", "ask again, nothing is lost"),
    "builtins.TimeoutError": Row(503, 7, "peer", "peer-unreachable", "ask again, nothing is lost"),
    "builtins.OSError": Row(507, 74, "disk", "disk", "make room or replace the disk"),
    "builtins.KeyboardInterrupt": Row(503, 130, "caller", "interrupted"),
}
# what has no row at all
UNEXPECTED = Row(500, 1, "us", "unexpected", "the log of this participant says more")

# a peer's plain status that asks to come later
LATER = frozenset({429, 502, 503, 504, 507})
# a peer's plain status, when its body explains nothing → our exit code
EXIT_OF_STATUS: Mapping[int, int] = {400: 2, 401: 2, 402: 5, 403: 3, 404: 4, 409: 2, 413: 2, 415: 2, 422: 6}
