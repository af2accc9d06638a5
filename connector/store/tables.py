"""Every table a participant keeps, declared once; the store applies them, nobody else creates any.

Law: a row is written only inside a transaction of `Store.write`; the row of a state and the event that proves it are
written in the same one; what a peer may make large has its limit in `connector.runtime.limits`.
"""

from __future__ import annotations

from connector.store.table import Table

# a window of the most rows has 300 kB of keys: those that are under way, and some 20 MB at the very most
LARGE_ROWS_KNOWN = 64

EVIDENCE = (
    Table(
        "log_entries",
        "idx:int kind:text part:text entry:blob leaf:blob at:time box:blob box_key:text",
        ("idx",),
        index=(("part",),),
    ),
    Table("log_hashes", "level:int idx:int hash:blob", ("level", "idx")),
    Table("box_keys", "name:text recipient:text wrapped:blob", ("name", "recipient")),
    Table("checkpoints", "size:int root:blob note:text cosigned:text at:time", ("size",)),
    Table("peer_heads", "origin:text size:int root:blob note:text at:time", ("origin",), held=True),
    Table("witnessed", "origin:text size:int root:blob note:text at:time", ("origin",)),
    Table("attestations", "id:text document:json at:time", ("id",)),
    Table("anchors", "origin:text size:int root:blob tx:text block:int at:time", ("origin", "size")),
)

PROTOCOL = (
    Table("tokens_seen", "issuer:text jti:text expires:time", ("issuer", "jti")),
    Table(
        "outbox",
        "id:text peer:text url:text body:json process:text subject:text kind:text attempts:int due:time deadline:time "
        "error:text created:time",
        ("id",),
        index=(("due",), ("subject",)),
    ),
    Table("received", "subject:text digest:blob status:int state:text at:time", ("subject", "digest")),
    Table("leases", "name:text holder:text until:time", ("name",)),
    Table(
        "negotiations",
        "id:text peer_pid:text role:text peer:text peer_address:blob callback:text product:text state:text "
        "pending:text turn:text offer:json rounds:int own_price:amount their_price:amount price:amount mandate:json "
        "terms:json agreement:json digest:text provider_signature:blob buyer_signature:blob reason:text "
        "deadline:time due:time entered:json created:time updated:time",
        ("id",),
        unique=(("role", "peer", "peer_pid"),),
        index=(("state",), ("deadline",), ("due",)),
        held=True,
    ),
    # what either side offered in a negotiation, each as it was said; there are no more than its rounds
    Table(
        "offers_made",
        "negotiation:text number:int who:text price:amount offer:json at:time",
        ("negotiation", "number"),
    ),
    Table(
        "agreements",
        "digest:text role:text negotiation:text peer:text product:text edition:text terms:json agreement:json "
        "odrl:json provider_signature:blob buyer_signature:blob state:text licence_tx:text not_after:time parent:text "
        "created:time",
        ("digest",),
        index=(("not_after",), ("parent",), ("product", "role", "not_after")),
        held=True,
    ),
    Table(
        "sub_licences", "digest:text parent:text child:text document:json state:text created:time", ("digest", "parent")
    ),
    Table("alarms", "id:text agreement:text code:text who:text text:text at:time", ("id",)),
    Table(
        "transfers",
        "id:text peer_pid:text role:text peer:text callback:text agreement:text format:text state:text pending:text "
        "turn:text address:json reason:text paused:text deadline:time due:time entered:json created:time updated:time",
        ("id",),
        unique=(("role", "peer", "peer_pid"),),
        index=(("state",), ("deadline",), ("due",), ("agreement",)),
        held=True,
    ),
    Table(
        "acquisitions",
        "id:text product:text provider:text mandate:json state:text negotiation:text agreement:text channel:text "
        "transfer:text progress:json reason:text created:time updated:time",
        ("id",),
        index=(("state",),),
    ),
)

CHAIN = (
    Table(
        "chain_txs",
        "id:text program:text function:text data:blob nonce:int hash:text state:text block:int error:text created:time "
        "event:json",
        ("id",),
        index=(("state",),),
    ),
    # every transaction ever signed: several of one nonce where one replaces another
    Table(
        "chain_sends",
        "hash:text nonce:int raw:blob price:int tip:int sent:time",
        ("hash",),
        index=(("nonce",),),
    ),
)

CHANNEL = (
    # `claimed_as` is read no more (decision 0123); the step to the next version drops it
    Table(
        "channels",
        "id:text role:text peer:text agreement:text payer:text payee:text signer:text token:text split:json "
        "arbitrator:text salt:blob deposit:amount expiry:time state:text seq:int cumulative:amount "
        "account_hash:blob claimed:amount claimed_as:blob claimed_lock:blob frozen_for:int open_tx:text close_tx:text "
        "created:time",
        ("id",),
        index=(("agreement",),),
        held=True,
    ),
    Table(
        "windows",
        "channel:text seq:int role:text state:text orders:json contexts:json prev:blob account_hash:blob amount:amount "
        "cumulative:amount valid_until:int lock:blob secret:secret masked:secret offer:json offer_signature:blob "
        "sealed_keys:json voucher:json voucher_signature:blob receipt:json receipt_signature:blob refusal:json "
        "refusal_signature:blob reasons:json code:text created:time",
        ("channel", "seq"),
        index=(("state", "channel", "seq"), ("lock",)),
        held=True,
        known=LARGE_ROWS_KNOWN,
    ),
    Table("paid_rows", "agreement:text rows:json quantity:int amount:amount plain:int", ("agreement",), held=True),
    Table("paid_periods", "agreement:text period:int quantity:int amount:amount", ("agreement", "period")),
    Table(
        "uses",
        "holder:text agreement:text rule:text operand:text unit:text numerator:int denominator:int at:time until:time "
        "state:text",
        ("holder", "agreement", "rule", "operand"),
        index=(("agreement", "unit", "rule", "operand"),),
    ),
    Table(
        "decisions",
        "id:text agreement:text place:text policy:text request:json decision:json outcome:text digest:blob at:time",
        ("id",),
        index=(("agreement",),),
    ),
    Table("policies", "digest:text document:json", ("digest",), held=True, known=LARGE_ROWS_KNOWN),
    Table("performed", "id:text agreement:text action:text who:text at:time", ("id",), index=(("agreement", "at"),)),
    Table(
        "openings",
        "id:text agreement:text transfer:text reader_key:blob number:int role:text purpose:text state:text "
        "rows:json reason:text lease_until:time created:time ended:time",
        ("id",),
        unique=(("agreement", "transfer", "reader_key", "role"),),
    ),
    Table(
        "reads",
        "id:text acquisition:text agreement:text purpose:text reader_key:blob state:text result:json reason:text "
        "created:time",
        ("id",),
        index=(("agreement",),),
    ),
    Table("bundles", "id:text channel:text seq:int code:text bundle:json created:time", ("id",)),
)

VAULT = (
    Table(
        "editions",
        "id:text series:text number:int product:text header:json rows:blob index_json:json plain_digests:blob "
        "run:blob key_id:text path:text sources:json repeated:json state:text register_tx:text review_seed:blob "
        "created:time",
        ("id",),
    ),
    Table(
        "replicas",
        "id:text edition:text series:text agreement:text header:json seal:blob bytes_rows:json key_rows:json "
        "key_id:text path:text state:text created:time",
        ("id",),
        index=(("agreement",), ("edition",), ("series",)),
        held=True,
    ),
    Table("holders", "agreement:text edition:text holder:text at:time", ("agreement",), index=(("edition",),)),
    Table("drawn", "replica:text source:text rows:int dropped:text", ("replica", "source")),
    Table("derived", "edition:text agreement:text source:text", ("edition", "agreement"), index=(("agreement",),)),
    Table("served", "edition:text at:time", ("edition",)),
    Table("row_tables", "edition:text rows:blob", ("edition",)),
    Table("carried", "agreement:text bytes:int", ("agreement",)),
    Table(
        "copies",
        "id:text agreement:text transfer:text number:int purpose:text edition_bytes:int bytes:int calls:int rows:json "
        "pushed:int state:text receipt:json signature:blob entry:int agreed:time created:time ended:time",
        ("id",),
        index=(("agreement",),),
    ),
    Table("row_secrets", "replica:text row:int count:int wrapped:blob", ("replica", "row")),
)

CATALOGUE = (
    Table(
        "products",
        "id:text title:text tier:text edition:text brief:json renewal:json dataset:json sample:json policy:json "
        "terms:json limits:json offer:text blind:blob state:text reason:text created:time updated:time",
        ("id",),
        unique=(("offer",),),
        index=(("state", "id"),),
    ),
    Table(
        "listings",
        "id:text space:text provider:text title:text tier:text dataset:json offer:json edition:text header:json "
        "sample:json resource:json code:text state:text seed:blob review:json reason:text created:time updated:time "
        "skeleton:text seq:int",
        ("id",),
        index=(
            ("state", "updated", "id"),
            ("provider", "state", "updated"),
            ("seq",),
            ("edition",),
            ("code",),
            ("skeleton", "provider", "id"),
        ),
    ),
    # what each member handed in on the newest day on which it did, new or changed
    Table("handed_in", "member:text day:text count:int", ("member",)),
    Table(
        "services",
        "id:text space:text provider:text title:text service:json state:text review:json reason:text seq:int "
        "created:time updated:time",
        ("id",),
        index=(("state",), ("provider",), ("seq",)),
    ),
    # what is harvested, from where, and how far it is: `connector.exchange.federation`
    Table(
        "sources",
        "name:text kind:text address:text did:text state:text cursor:json generation:int pages:int most:int rank:int "
        "products:int left:int told:json reason:text failures:int whole:int member:json due:time read:time "
        "created:time updated:time",
        ("name",),
    ),
    # each product as each source tells it; the newest of them stand together as one product
    Table(
        "harvested",
        "source:text own:text product:text kind:text edition:text document:json path:json digest:blob changed:time "
        "generation:int at:time",
        ("source", "own"),
        index=(("product",), ("source", "generation")),
    ),
    Table(
        "federated",
        "id:text provider:text own:text edition:text source:text origin:text state:text seq:int updated:time",
        ("id",),
        index=(("seq",), ("edition",), ("provider", "own"), ("state", "seq")),
    ),
    Table(
        "demands",
        "id:text member:text document:json state:text product:text agreement:text reason:text until:time created:time "
        "updated:time",
        ("id",),
        index=(("state", "updated"), ("member", "state")),
    ),
    Table(
        "applications",
        "did:text name:text role:text region:text message:text state:text reason:text due:time created:time "
        "updated:time",
        ("did",),
        index=(("state", "due"),),
    ),
    Table(
        "searches",
        "member:text name:text text:text conditions:json since:time created:time",
        ("member", "name"),
    ),
    Table("resources", "id:text document:json created:time updated:time", ("id",)),
    Table(
        "listing_versions",
        "product:text number:int document:json digest:text review:json created:time",
        ("product", "number"),
        index=(("product", "digest"),),
    ),
    Table(
        "product_versions",
        "product:text number:int kept:json digest:text created:time",
        ("product", "number"),
    ),
    Table("connectors", "did:text document:json seen:time", ("did",)),
    Table(
        "leavings",
        "did:text plan:json state:text reason:text until:time created:time updated:time",
        ("did",),
        index=(("state", "until"),),
    ),
    Table(
        "spaces",
        "id:text name:text description:text state:text version:int rules:json reason:text created:time updated:time",
        ("id",),
    ),
    Table(
        "space_versions",
        "space:text version:int name:text description:text state:text rules:json by:text reason:text created:time",
        ("space", "version"),
    ),
    Table(
        "operators",
        "name:text post:text digest:text state:text created:time updated:time",
        ("name",),
        unique=(("digest",),),
    ),
    Table(
        "acts",
        "id:text act:text operator:text post:text handler:text path:json body:json state:text other:text reason:text "
        "result:json until:time created:time updated:time",
        ("id",),
        index=(("state", "until"),),
    ),
    Table(
        "members",
        "did:text name:text role:text region:text url:text state:text document:json created:time updated:time",
        ("did",),
    ),
    # a dispute's bundle is large, and read by few
    Table(
        "disputes",
        "id:text channel:text account_hash:text filer:text payer:text payee:text arbitrator:text state:text "
        "ruling:json ruling_tx:text created:time updated:time",
        ("id",),
        index=(("filer", "state"),),
    ),
    Table("dispute_bundles", "id:text bundle:json", ("id",)),
    Table("rulings", "id:text state:text ruling:json tx:text created:time", ("id",)),
    # settled trades, at an exchange; and those that a provider has shown to its own
    Table(
        "trades",
        "agreement:text channel:text product:text provider:text buyer:text topic:text grade:text form:text tier:text "
        "unit:text currency:text price:text amount:amount entry:int created:time",
        ("agreement",),
        index=(("entry",),),
    ),
    Table(
        "pursuits",
        "id:text mandate:json state:text product:text acquisition:text tried:json reason:text created:time "
        "updated:time",
        ("id",),
        index=(("state",),),
    ),
    Table("shown_trades", "agreement:text channel:text state:text created:time", ("agreement",)),
    Table(
        "complaints",
        "id:text agreement:text words:text complainant:text respondent:text state:text answer:text reason:text "
        "whose:text due:time waits:int late:int created:time updated:time",
        ("id",),
        index=(("complainant",), ("respondent",)),
    ),
    Table("facts", "name:text value:json", ("name",)),
)

CONSOLE = (
    Table(
        "accounts",
        "name:text roles:text operator:int password:text nonce:text used_step:int failures:int locked:time "
        "created:time",
        ("name",),
    ),
    Table("audits", "id:text state:text report:json reason:text at:time", ("id",), index=(("at",),)),
    Table("account_links", "digest:blob account:text expires:time", ("digest",), index=(("account",),)),
    Table(
        "console_sessions",
        "digest:blob account:text post_key:text created:time expires:time",
        ("digest",),
        index=(("account",),),
    ),
)

TABLES: tuple[Table, ...] = (*EVIDENCE, *PROTOCOL, *CHAIN, *CHANNEL, *VAULT, *CATALOGUE, *CONSOLE)
