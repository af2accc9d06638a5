"""Who may call what: one row for each route, and a route without a row does not exist.

`who`: ANYONE (public facts), PEER (a did:web participant with a fresh ES256 token for us), PARTY (a peer that shows the
credentials that we demand), MEMBER (a peer that the exchange has admitted), TICKET (the opaque ticket of a started
transfer), BEARER (the token of one that gives a plain copy), PASS (a provider's pass to a holder), PLANE (a control
plane that is registered here), MOVER (a data plane that is), SENDER (the token of what is pushed to us), READER
(a member by the key of its log; it may be down itself), OWNER (the bearer of the management token, or a program with an
API key as far as that goes: `connector.api.keyed`), ACCOUNT (who has signed in to the console; which account sees which
page and acts where is said by `connector.console.pages`).
At an exchange an OWNER row may be an operator's, too (`connector.api.operators`).
`roles`: the roles of ours under which the route exists at all; of what is the owner's, those under which it does
something (`connector.api.server` says so to who is meant to be another).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from catalog.interface import METHODS
from catalog.roles import ROLES, TRADERS
from connector.api.body_sizes import BODY_BYTES, STREAMED
from connector.api.edc_calls import CHECKS, RELEASES, of_release
from connector.client.acts.table import TABLE
from connector.console import given
from connector.console.acts import ACTS, FILES_OF, LIST
from connector.console.page import PREFIX
from connector.console.pages import PAGES
from connector.operation.signaling.states import MOVES
from connector.operation.signaling.steering import WORDS
from connector.provider.plain.sending import METHODS as PUSHED_BY
from connector.runtime.limits import BODY_BYTES_MAX

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from connector.client.acts.act import Act


class Who(StrEnum):
    """Kinds of callers."""

    ANYONE = "anyone"
    PEER = "peer"
    PARTY = "party"
    MEMBER = "member"
    TICKET = "ticket"
    BEARER = "bearer"
    READER = "reader"
    PASS = "pass"  # noqa: S105  # a kind of caller
    PLANE = "plane"
    MOVER = "mover"
    SENDER = "sender"
    OWNER = "owner"
    ACCOUNT = "account"


# what is answered while we ask what others know of our log: none of it signs, and others that were restored ask it
EARLY = frozenset({"log.peers", "wellknown.did", "telemetry.live", "telemetry.ready"})

ALL = frozenset(ROLES)
PROVIDER = frozenset({"provider"})
BUYER = frozenset({"buyer"})
EXCHANGE = frozenset({"exchange"})
NODE = frozenset({"node"})
SHOWS = PROVIDER | EXCHANGE
DEALS = TRADERS | EXCHANGE


@dataclass(frozen=True, slots=True)
class Route:
    """One row: `handler` is `module.function` in connector.api; `kind` names the DSP message the path takes."""

    method: str
    path: str
    who: Who
    roles: frozenset[str]
    handler: str
    kind: str = ""

    @property
    def body_bytes(self) -> int:
        """How long a body may be."""
        return 0 if self.method in {"GET", "HEAD"} else BODY_BYTES.get(self.handler, BODY_BYTES_MAX)

    @property
    def streams(self) -> bool:
        """Say whether its handler reads the body."""
        return self.handler in STREAMED


def declared(acts: Iterable[Act]) -> Iterator[Route]:
    """Return the rows of declared acts; those that share a path share a row."""
    rows = {(act.method, act.route): act for act in acts}
    for (method, path), act in rows.items():
        yield Route(method, path, Who.OWNER, frozenset(act.roles.split()), act.serves)


PUBLIC = (
    Route("GET", "/.well-known/did.json", Who.ANYONE, ALL, "wellknown.did"),
    Route("GET", "/.well-known/dspace-version", Who.ANYONE, ALL, "wellknown.versions"),
    Route("GET", "/.well-known/penstock.json", Who.ANYONE, ALL, "wellknown.description"),
    Route("GET", "/health", Who.ANYONE, ALL, "wellknown.health"),
    Route("GET", "/health/live", Who.ANYONE, ALL, "telemetry.live"),
    Route("GET", "/health/ready", Who.ANYONE, ALL, "telemetry.ready"),
    Route("GET", "/traces/{id}", Who.PEER, ALL, "telemetry.seen"),
    Route("GET", "/log/checkpoint", Who.ANYONE, ALL, "log.checkpoint"),
    Route("GET", "/log/tile/{tail:.+}", Who.ANYONE, ALL, "log.tile"),
    Route("GET", "/log/addenda/{index}", Who.ANYONE, ALL, "log.addenda"),
    Route("GET", "/log/peers", Who.READER, ALL, "log.peers"),
    Route("GET", "/log/anchors", Who.ANYONE, ALL, "log.anchors"),
    Route("GET", "/log/cosigned/{tail:.+}", Who.ANYONE, ALL, "log.cosigned"),
    Route("POST", "/log/heads", Who.PEER, EXCHANGE, "log.take_head"),
    Route("GET", "/log/heads", Who.PEER, EXCHANGE, "log.given_head"),
    Route("POST", "/witness/add-checkpoint", Who.ANYONE, ALL, "witness.add_checkpoint"),
    Route("POST", "/witness/attest", Who.PEER, ALL, "witness.attest"),
    Route("GET", "/space", Who.ANYONE, EXCHANGE, "exchange.space"),
    Route("GET", "/spaces", Who.ANYONE, EXCHANGE, "spaces.page"),
    Route("GET", "/spaces/{id}", Who.ANYONE, EXCHANGE, "spaces.show"),
    Route("GET", "/spaces/{id}/rules", Who.ANYONE, EXCHANGE, "spaces.versions"),
    Route("GET", "/space/changes", Who.ANYONE, EXCHANGE, "heads.changes"),
    Route("GET", "/space/members", Who.ANYONE, EXCHANGE, "heads.members"),
    Route("GET", "/space/members/{id}", Who.ANYONE, EXCHANGE, "heads.member"),
    Route("GET", "/space/attestation", Who.ANYONE, EXCHANGE, "exchange.attestation"),
    Route("POST", "/rpc", Who.ANYONE, EXCHANGE, "chain.rpc"),
)

DSP = (
    Route("POST", "/dsp/catalog/request", Who.PARTY, SHOWS, "catalogue.request", "CatalogRequestMessage"),
    Route("GET", "/dsp/catalog/request", Who.PARTY, SHOWS, "catalogue.resume"),
    Route("GET", "/dsp/catalog/datasets/{id}", Who.PARTY, PROVIDER, "catalogue.dataset"),
    Route("GET", "/dsp/negotiations/{pid}", Who.PARTY, TRADERS, "dsp.negotiation"),
    Route("POST", "/dsp/negotiations/request", Who.PARTY, PROVIDER, "dsp.negotiate", "ContractRequestMessage"),
    Route("POST", "/dsp/negotiations/offers", Who.PARTY, BUYER, "dsp.negotiate", "ContractOfferMessage"),
    Route("POST", "/dsp/negotiations/{pid}/request", Who.PARTY, PROVIDER, "dsp.negotiate", "ContractRequestMessage"),
    Route("POST", "/dsp/negotiations/{pid}/offers", Who.PARTY, BUYER, "dsp.negotiate", "ContractOfferMessage"),
    Route("POST", "/dsp/negotiations/{pid}/agreement", Who.PARTY, BUYER, "dsp.negotiate", "ContractAgreementMessage"),
    Route(
        "POST",
        "/dsp/negotiations/{pid}/agreement/verification",
        Who.PARTY,
        PROVIDER,
        "dsp.negotiate",
        "ContractAgreementVerificationMessage",
    ),
    Route(
        "POST", "/dsp/negotiations/{pid}/events", Who.PARTY, TRADERS, "dsp.negotiate", "ContractNegotiationEventMessage"
    ),
    Route(
        "POST",
        "/dsp/negotiations/{pid}/termination",
        Who.PARTY,
        TRADERS,
        "dsp.negotiate",
        "ContractNegotiationTerminationMessage",
    ),
    Route("GET", "/dsp/transfers/{pid}", Who.PARTY, TRADERS, "dsp.transfer"),
    Route("POST", "/dsp/transfers/request", Who.PARTY, PROVIDER, "dsp.transfers", "TransferRequestMessage"),
    Route("POST", "/dsp/transfers/{pid}/start", Who.PARTY, TRADERS, "dsp.transfers", "TransferStartMessage"),
    Route("POST", "/dsp/transfers/{pid}/completion", Who.PARTY, TRADERS, "dsp.transfers", "TransferCompletionMessage"),
    Route("POST", "/dsp/transfers/{pid}/suspension", Who.PARTY, TRADERS, "dsp.transfers", "TransferSuspensionMessage"),
    Route(
        "POST", "/dsp/transfers/{pid}/termination", Who.PARTY, TRADERS, "dsp.transfers", "TransferTerminationMessage"
    ),
)

CONTRACT = (
    Route("POST", "/contractCreate", Who.PARTY, DEALS, "ndi.create"),
    Route("POST", "/contractNegotiate", Who.PARTY, DEALS, "ndi.negotiate"),
    Route("POST", "/contractTerminate", Who.PARTY, DEALS, "ndi.terminate"),
    Route("POST", "/strategySend", Who.PARTY, TRADERS, "ndi.instruct"),
    Route("POST", "/contractExecution", Who.PARTY, DEALS, "ndi.report"),
    Route("POST", "/executionFeedback", Who.PARTY, PROVIDER, "ndi.report"),
    Route("POST", "/abnormalTermination", Who.PARTY, BUYER | EXCHANGE, "ndi.report"),
    Route("POST", "/fulfillmentProof", Who.PARTY, SHOWS, "ndi.report"),
    Route("POST", "/catalogSearch", Who.PARTY, PROVIDER, "ndi.search"),
    Route("POST", "/catalogDetail", Who.PARTY, PROVIDER, "ndi.detail"),
    Route("POST", "/transferNegotiate", Who.PARTY, PROVIDER, "ndi.transport"),
    Route("POST", "/bulkPull", Who.PARTY, PROVIDER, "delivery.pull"),
    *(Route(method, "/apiCall/{tail:.*}", Who.PARTY, PROVIDER, "delivery.make") for method in METHODS),
)

# the Decentralized Claims Protocol: what we show of ourselves, and what an exchange issues
CLAIMS = (
    Route("POST", "/dcp/presentations/query", Who.PEER, ALL, "credentials.present"),
    Route("POST", "/dcp/credentials", Who.PEER, ALL, "credentials.take"),
    Route("POST", "/dcp/offers", Who.PEER, ALL, "credentials.offered"),
    Route("POST", "/dcp/token", Who.ANYONE, ALL, "credentials.token"),
    Route("GET", "/issuer/metadata", Who.ANYONE, EXCHANGE, "issuer.metadata"),
    Route("POST", "/issuer/credentials", Who.PEER, EXCHANGE, "issuer.request"),
    Route("GET", "/issuer/requests/{id}", Who.PEER, EXCHANGE, "issuer.status"),
    Route("GET", "/issuer/status/{alias}/{number}", Who.ANYONE, EXCHANGE, "issuer.status_list"),
)

CHANNEL = (
    Route("POST", "/notices", Who.PEER, TRADERS, "agreements.notice"),
    Route("POST", "/parcels", Who.PARTY, TRADERS, "parcels.take"),
    Route("POST", "/channel/{id}/request", Who.PEER, PROVIDER, "channel.request"),
    Route("POST", "/channel/{id}/voucher", Who.PEER, PROVIDER, "channel.voucher"),
    Route("POST", "/channel/{id}/step", Who.PEER, PROVIDER, "channel.step"),
    Route("POST", "/channel/{id}/acknowledge", Who.PEER, PROVIDER, "channel.acknowledge"),
    Route("POST", "/channel/{id}/resume", Who.PEER, PROVIDER, "channel.resume_channel"),
    Route("POST", "/channel/{id}/close", Who.PEER, PROVIDER, "channel.close"),
    Route("POST", "/channel/{id}/acknowledgement", Who.PEER, BUYER, "channel.acknowledgement"),
    Route("GET", "/sealed/{edition}/header", Who.ANYONE, PROVIDER, "sealed.header"),
    Route("GET", "/sealed/{edition}/seal", Who.ANYONE, PROVIDER, "sealed.seal"),
    Route("GET", "/sealed/{edition}/rows", Who.ANYONE, PROVIDER, "sealed.rows"),
    Route("GET", "/sealed/{edition}/pieces", Who.TICKET, PROVIDER, "sealed.pieces"),
    Route("POST", "/sealed/{edition}/ticket", Who.PEER, PROVIDER, "sealed.ticket"),
    Route("GET", "/plain/{edition}", Who.BEARER, PROVIDER, "plain.read"),
    Route("HEAD", "/plain/{edition}", Who.BEARER, PROVIDER, "plain.read"),
    Route("POST", "/plain/{edition}/ticket", Who.PEER, PROVIDER, "sealed.ticket"),
    Route("GET", "/plain/{edition}/receipt", Who.BEARER, PROVIDER, "plain.receipt"),
    Route("GET", "/plain/{edition}/{path:.*}", Who.BEARER, PROVIDER, "plain.read"),
    Route("HEAD", "/plain/{edition}/{path:.*}", Who.BEARER, PROVIDER, "plain.read"),
    Route("GET", "/calls/{edition}", Who.BEARER, PROVIDER, "plain.read"),
    *(Route(method, "/calls/{edition}/{tail:.*}", Who.BEARER, PROVIDER, "calls.forward") for method in METHODS),
    Route("POST", "/computed/{edition}", Who.BEARER, PROVIDER, "computing.answer"),
    Route("POST", "/computed/{edition}/ticket", Who.PEER, PROVIDER, "sealed.ticket"),
    Route("GET", "/computed/{edition}/receipt", Who.BEARER, PROVIDER, "plain.receipt"),
    Route("GET", "/streams/{edition}", Who.BEARER, PROVIDER, "streams.batch"),
    Route("POST", "/streams/{edition}/{index}", Who.BEARER, PROVIDER, "streams.key"),
    Route("GET", "/sealed/{edition}/sources", Who.TICKET, PROVIDER, "holders.sources"),
    Route("GET", "/held/{edition}/pieces", Who.PASS, BUYER, "holders.pieces"),
    Route("POST", "/review/{edition}", Who.PEER, PROVIDER, "sealed.review_rows"),
    Route("GET", "/authority/{id}", Who.PEER, TRADERS, "authorities.show"),
    Route("POST", "/hosting/{id}/{step}", Who.PEER, PROVIDER, "hosting.ask"),
)

EXCHANGE_NODE = (
    Route("POST", "/exchange/products", Who.MEMBER, EXCHANGE, "exchange.submit"),
    Route("GET", "/exchange/search", Who.MEMBER, EXCHANGE, "exchange.search"),
    Route("GET", "/exchange/products/{id}", Who.MEMBER, EXCHANGE, "exchange.product"),
    Route("GET", "/exchange/products/{id}/faces/{face}", Who.MEMBER, EXCHANGE, "faces.served"),
    Route("GET", "/exchange/faces/dcat", Who.MEMBER, EXCHANGE, "faces.catalogue"),
    Route("GET", "/exchange/products/{id}/versions", Who.MEMBER, EXCHANGE, "exchange.versions"),
    Route("POST", "/exchange/products/{id}/withdrawal", Who.MEMBER, EXCHANGE, "exchange.withdraw"),
    Route("POST", "/exchange/products/{id}/unlisting", Who.MEMBER, EXCHANGE, "exchange.unlist"),
    Route("POST", "/exchange/services", Who.MEMBER, EXCHANGE, "services.submit"),
    Route("GET", "/exchange/services", Who.MEMBER, EXCHANGE, "services.own"),
    Route("POST", "/exchange/services/{id}/withdrawal", Who.MEMBER, EXCHANGE, "services.withdraw"),
    Route("POST", "/exchange/services/{id}/roll-back", Who.MEMBER, EXCHANGE, "services.roll_back"),
    Route("GET", "/exchange/changes", Who.PEER, EXCHANGE, "federation.tell"),
    Route("POST", "/exchange/disputes", Who.MEMBER, EXCHANGE, "docket.file"),
    Route("GET", "/exchange/disputes", Who.MEMBER, EXCHANGE, "docket.page"),
    Route("GET", "/exchange/disputes/{id}", Who.MEMBER, EXCHANGE, "docket.case"),
    Route("POST", "/exchange/disputes/{id}/ruling", Who.MEMBER, EXCHANGE, "docket.rule"),
    Route("POST", "/exchange/members/own", Who.MEMBER, EXCHANGE, "members.own"),
    Route("POST", "/exchange/applications", Who.PEER, EXCHANGE, "applications.apply"),
    Route("GET", "/exchange/applications/own", Who.PEER, EXCHANGE, "applications.own"),
    Route("POST", "/exchange/searches", Who.MEMBER, EXCHANGE, "searches.save"),
    Route("GET", "/exchange/searches", Who.MEMBER, EXCHANGE, "searches.page"),
    Route("POST", "/exchange/searches/{id}/seen", Who.MEMBER, EXCHANGE, "searches.take_note"),
    Route("POST", "/exchange/searches/{id}/drop", Who.MEMBER, EXCHANGE, "searches.drop"),
    Route("POST", "/exchange/heartbeat", Who.MEMBER, EXCHANGE, "leaving.heartbeat"),
    Route("POST", "/exchange/uses", Who.MEMBER, EXCHANGE, "watching.told"),
    Route("POST", "/exchange/leaving", Who.MEMBER, EXCHANGE, "leaving.ask"),
    Route("GET", "/exchange/leaving", Who.MEMBER, EXCHANGE, "leaving.own"),
    Route("POST", "/exchange/leaving/stay", Who.MEMBER, EXCHANGE, "leaving.stay"),
    Route("POST", "/exchange/trades", Who.MEMBER, EXCHANGE, "market.trade"),
    Route("GET", "/exchange/prices", Who.MEMBER, EXCHANGE, "market.prices"),
    Route("GET", "/exchange/reputation/{id}", Who.MEMBER, EXCHANGE, "market.reputation"),
    Route("POST", "/exchange/cash", Who.MEMBER, EXCHANGE, "market.cash"),
    Route("GET", "/exchange/cash", Who.MEMBER, EXCHANGE, "market.cash_page"),
    Route("POST", "/exchange/complaints", Who.MEMBER, EXCHANGE, "market.complain"),
    Route("GET", "/exchange/complaints", Who.MEMBER, EXCHANGE, "market.complaints"),
    Route("GET", "/exchange/complaints/{id}", Who.MEMBER, EXCHANGE, "market.complaint"),
    Route("POST", "/exchange/complaints/{id}/{move}", Who.MEMBER, EXCHANGE, "market.move"),
    Route("GET", "/exchange/matches/{id}", Who.MEMBER, EXCHANGE, "demands.of_product"),
    Route("POST", "/exchange/projects", Who.MEMBER, EXCHANGE, "projects.propose"),
    Route("GET", "/exchange/projects", Who.MEMBER, EXCHANGE, "projects.page"),
    Route("GET", "/exchange/projects/{id}", Who.MEMBER, EXCHANGE, "projects.show"),
    Route("POST", "/exchange/projects/{id}/signature", Who.MEMBER, EXCHANGE, "projects.sign"),
    Route("POST", "/exchange/projects/{id}/results", Who.MEMBER, EXCHANGE, "projects.add"),
    Route("POST", "/exchange/projects/{id}/{move}", Who.MEMBER, EXCHANGE, "projects.move"),
    Route("POST", "/exchange/deals", Who.MEMBER, EXCHANGE, "deals.file"),
    Route("GET", "/exchange/deals", Who.MEMBER, EXCHANGE, "deals.page"),
    Route("GET", "/exchange/deals/{id}", Who.MEMBER, EXCHANGE, "deals.show"),
    Route("POST", "/exchange/deals/{id}/{move}", Who.MEMBER, EXCHANGE, "deals.move"),
    Route("POST", "/contractTemplate", Who.MEMBER, EXCHANGE, "contract_templates.serve"),
    Route("GET", "/exchange/templates", Who.MEMBER, EXCHANGE, "contract_templates.page"),
    Route("GET", "/exchange/templates/{id}", Who.MEMBER, EXCHANGE, "contract_templates.show"),
    Route("POST", "/contractRegistrate", Who.MEMBER, EXCHANGE, "filings.register"),
    Route("GET", "/exchange/filings", Who.MEMBER, EXCHANGE, "filings.page"),
    Route("GET", "/exchange/filings/{id}", Who.MEMBER, EXCHANGE, "filings.show"),
    Route("POST", "/node/codes", Who.MEMBER, NODE, "node.assign"),
    Route("GET", "/node/codes", Who.MEMBER, NODE, "node.page"),
    Route("GET", "/node/codes/{id}", Who.MEMBER, NODE, "node.show"),
    Route("GET", "/node/traces/{id}", Who.MEMBER, NODE, "node.traced"),
    Route("GET", "/node/codes/{id}/across", Who.MEMBER, NODE, "node.code_across"),
    Route("GET", "/node/traces/{id}/across", Who.MEMBER, NODE, "node.trace_across"),
    Route("POST", "/node/below", Who.PEER, NODE, "node.below"),
    Route("POST", "/node/reports", Who.PEER, NODE, "node.reported"),
    Route("POST", "/node/questions", Who.PEER, NODE, "node.asked"),
    Route("POST", "/node/heartbeat", Who.MEMBER, NODE, "node.heartbeat"),
    Route("POST", "/exchange/cut-off", Who.MEMBER, EXCHANGE, "members.cut_off"),
    Route("GET", "/node/logs/{id}/checkpoint", Who.ANYONE, NODE, "node.checkpoint"),
    Route("GET", "/node/logs/{id}/tile/{tail:.+}", Who.ANYONE, NODE, "node.tile"),
    Route("GET", "/node/logs/{id}/addenda/{index}", Who.ANYONE, NODE, "node.addenda"),
    Route("POST", "/exchange/demands", Who.MEMBER, EXCHANGE, "demands.post"),
    Route("GET", "/exchange/demands", Who.MEMBER, EXCHANGE, "demands.page"),
    Route("GET", "/exchange/demands/{id}", Who.MEMBER, EXCHANGE, "demands.show"),
    Route("POST", "/exchange/demands/{id}/{move}", Who.MEMBER, EXCHANGE, "demands.move"),
)

MANAGEMENT = (*declared(TABLE),)
# method and path → its row
MANAGED: dict[tuple[str, str], Route] = {(row.method, row.path): row for row in MANAGEMENT}

EDC = (
    *(
        Route(call.method, f"{release}/{call.path}", Who.OWNER, call.roles, f"edc.{call.name}")
        for release in RELEASES
        for call in of_release(release)
    ),
    *(Route("GET", f"/check/{name}", Who.ANYONE, ALL, "edc.healthy") for name in CHECKS),
)

# where flows are: as the specification has it, and as Eclipse EDC asks below an address of a data plane
FLOWS = ("/signaling/dataflows", "/signaling")
SIGNALING = (
    Route("POST", "/signaling/token", Who.ANYONE, TRADERS, "signaling.token"),
    Route("PUT", "/management/signaling/controlplanes", Who.OWNER, TRADERS, "signaling.register"),
    Route("DELETE", "/management/signaling/controlplanes/{id}", Who.OWNER, TRADERS, "signaling.forget"),
    Route("PUT", "/management/signaling/dataplanes", Who.OWNER, TRADERS, "signaling.take_on"),
    Route("DELETE", "/management/signaling/dataplanes/{id}", Who.OWNER, TRADERS, "signaling.dismiss"),
    *(
        Route("POST", f"/signaling/transfers/{{id}}/dataflow/{word}", Who.MOVER, TRADERS, "signaling.hear")
        for word in WORDS
    ),
    Route("GET", "/signaling/transfers/{id}/agreement", Who.MOVER, TRADERS, "signaling.agreement"),
    *(
        route
        for flows in FLOWS
        for route in (
            Route("POST", f"{flows}/prepare", Who.PLANE, BUYER, "signaling.prepare"),
            Route("POST", f"{flows}/start", Who.PLANE, PROVIDER, "signaling.start"),
            Route("GET", f"{flows}/{{id}}/status", Who.PLANE, TRADERS, "signaling.status"),
            *(Route("POST", f"{flows}/{{id}}/{message}", Who.PLANE, TRADERS, "signaling.message") for message in MOVES),
        )
    ),
    Route("POST", "/flows/{id}/token", Who.ANYONE, PROVIDER, "signaling.renew"),
    *(Route(method, "/flows/{id}/in", Who.SENDER, BUYER, "flows.take") for method in PUSHED_BY),
    *(Route(method, "/flows/{id}/in/{path:.+}", Who.SENDER, BUYER, "flows.take") for method in PUSHED_BY),
    Route("POST", "/bulkPush/{sequence}", Who.SENDER, BUYER, "delivery.land"),
    Route("POST", "/bulkPush/{sequence}/{path:.+}", Who.SENDER, BUYER, "delivery.land"),
    *(Route(method, "/flows/{id}", Who.BEARER, PROVIDER, "flows.read") for method in ("GET", "HEAD")),
    *(Route(method, "/flows/{id}/{path:.*}", Who.BEARER, PROVIDER, "flows.read") for method in ("GET", "HEAD")),
)

CONSOLE = (
    Route("GET", PREFIX, Who.ANYONE, ALL, "console.home"),
    Route("GET", PREFIX + "/sign-in", Who.ANYONE, ALL, "console.form"),
    Route("POST", PREFIX + "/sign-in", Who.ANYONE, ALL, "console.sign_in"),
    Route("GET", PREFIX + "/enter", Who.ANYONE, ALL, "console.enter"),
    Route("GET", PREFIX + "/provider", Who.ANYONE, ALL, "signing_in.begin"),
    Route("GET", PREFIX + "/provider/callback", Who.ANYONE, ALL, "signing_in.end"),
    Route("GET", PREFIX + "/static/{name}", Who.ANYONE, ALL, "console.static"),
    Route("POST", PREFIX + "/sign-out", Who.ACCOUNT, ALL, "console.sign_out"),
    Route("POST", PREFIX + "/publish/files", Who.ACCOUNT, PROVIDER, "console.upload"),
    *(
        Route("POST", path, Who.ACCOUNT, frozenset(act.roles.split()), "console.bring")
        for path, act in FILES_OF.items()
    ),
    Route("POST", LIST, Who.ACCOUNT, BUYER, "console.bring_list"),
    Route("GET", PREFIX + "/acquisitions/{id}/live", Who.ACCOUNT, BUYER, "console.live"),
    *(Route("GET", f"{PREFIX}/catalogue/{{id}}/{name}", Who.ACCOUNT, ALL, "faces.file") for name in given.FILES),
    *(Route("GET", f"{PREFIX}/{name}", Who.ACCOUNT, ALL, "faces.catalogue_file") for name in given.CATALOGUE),
    *(Route("GET", page.route, Who.ACCOUNT, page.roles, "console.page") for page in PAGES),
    *(Route("POST", act.route, Who.ACCOUNT, act.roles, "console.act") for act in ACTS),
)

ROUTES: tuple[Route, ...] = (
    *PUBLIC,
    *DSP,
    *CONTRACT,
    *CLAIMS,
    *CHANNEL,
    *EXCHANGE_NODE,
    *MANAGEMENT,
    *EDC,
    *SIGNALING,
    *CONSOLE,
)
