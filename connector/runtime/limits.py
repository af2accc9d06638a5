"""Every limit that a peer or a user can run into, named with its unit, each with its reason.

Law: what a peer may make large has a row here; a limit is checked before the memory is spent.
"""

from __future__ import annotations

# ---- what comes in over HTTP
# a resumed channel shows windows of orders with many ranges, a submission describes every file
BODY_BYTES_MAX = 1_048_576
# a negotiation message with a long policy has some 40 kB; terms with evidence of eight signers stay below
MESSAGE_BYTES_MAX = 262_144
# a batch of calls, or the code of a program in a transaction
RPC_BYTES_MAX = 262_144
# a review names a seed and a reader's key
REVIEW_BYTES_MAX = 4_096
# a dispute bundle shows one piece of at most 4 MiB and 8,192 masked secrets, in base64
DISPUTE_BYTES_MAX = 8 * 1_048_576
# a heartbeat names a version and a handful of capabilities
HEARTBEAT_BYTES_MAX = 4_096
# a telling names 200 uses that run, some 400 bytes each, and as many that ended
USES_BYTES_MAX = 131_072
# a ticket is renewed for a transfer that is named by its id
RENEWAL_BYTES_MAX = 4_096
# a catalogue answer: a page of products with their policies
ANSWER_BYTES_MAX = 8 * 1_048_576
# the document of a space of 10,000 members has 150,000
ANSWER_VALUES_MAX = 262_144
# ODRL constraints nest 8 deep at most in practice, DCAT 12; beyond 64 somebody is testing the parser
JSON_LEVELS_MAX = 64
# what is read costs by the value, some 200 bytes each: a key request of 64 orders with 256 ranges has 50,000
JSON_VALUES_MAX = 65_536
# messages wait in memory for their transaction: a policy of a hundred rules with five constraints each has 5,000
MESSAGE_VALUES_MAX = 16_384
# an edition's header has some 800 bytes
HEADER_BYTES_MAX = 16_384
# a row of an edition has 152 bytes: 16 MiB describe 110,000 pieces, seven GiB in pieces of 64 KiB
ROWS_BYTES_MAX = 16 * 1_048_576
# messages that come together in one request: a commit under load makes about so many for one peer
PARCEL_MESSAGES_MAX = 16
# requests waiting or running for one peer; an honest one has a handful
PEER_REQUESTS_MAX = 64
# of callers who are not proven, or need not be, from one address: a whole space may stand behind one proxy
STRANGER_REQUESTS_MAX = 256
# requests at once that one process of several passes on to the one that works: of strangers, of peers, of owners
FORWARDED_REQUESTS_MAX = 256
# where anybody may ask, a member is known by its token; one whose document does not come in this time is anybody
RECOGNITION_SECONDS_MAX = 1.0
# a caller with too many requests asks again after one of them may have ended
RETRY_AFTER_SECONDS = 1
# how long a peer may take to send a request's headers or body, or take nothing of a long answer, unless the operator
# says otherwise
REQUEST_SECONDS_MAX = 30
# what a refused caller still sends is read so long, or it would never see the answer
LINGER_SECONDS = 0.5

# ---- what we ask of others
# a command waits so long for its own server at most, a week: who says more has mistyped
SERVER_WAIT_SECONDS_MAX = 604_800
# TCP and TLS to another continent take below one second
CONNECT_SECONDS_MAX = 5.0
# a message is answered after one commit; a slower peer is asked again by the outbox
CALL_SECONDS_MAX = 15.0
# a download stalls when no byte comes for so long; its whole length is not bounded, its bytes are
STALL_SECONDS_MAX = 30.0
# and when fewer bytes than these come in so long, or a peer could hold it with a byte now and then; the time is that of
# two stalls, because a wait tells only at its end, after at most one, what it has brought
TRICKLE_SECONDS_MAX = 2 * STALL_SECONDS_MAX
# a kibibyte a second: a piece of a mebibyte would take a quarter of an hour
TRICKLE_BYTES = 65_536
# what of a refusal is kept for its reader
REFUSAL_BYTES_MAX = 65_536
# connections to one peer: as many as it serves at once, so that no message waits for one with a head that others follow
PEER_CONNECTIONS_MAX = PEER_REQUESTS_MAX
# connections to everybody
CONNECTIONS_MAX = 256

# ---- tokens and identity
# a request token travels at once; ten minutes are what others give theirs (DCP's kit, the renewals of a data plane)
TOKEN_SECONDS_MAX = 600
# what we ask for ourselves is shorter still
TOKEN_SECONDS = 120
# clocks of honest machines differ by seconds; half a minute is generous
CLOCK_LEEWAY_SECONDS = 30
# `clockLeeway` of specification 4: a receipt's time may differ so much from its reader's, which allows for both clocks
RECEIPT_LEEWAY_SECONDS = 120
# how far a clock may be behind the newest thing that bears a time here, before it is taken for set back
CLOCK_BEHIND_SECONDS_MAX = 300
# header, claims and signature of our tokens have some 500 bytes
TOKEN_BYTES_MAX = 4_096
# a random id of 128 bit has 22 characters; others write a URN
JTI_CHARACTERS_MAX = 128
# did:web with a host of 253 characters and a path
DID_CHARACTERS_MAX = 512
# our own document has 7 kB with a BLS key, its proof, an ML-DSA and a hybrid key
DID_DOCUMENT_BYTES_MAX = 65_536
# keys and services of one participant; we publish five and four
DID_MEMBERS_MAX = 32
# a rotated key is noticed within this time, or at once when a token names a key we do not know
DID_FRESH_SECONDS = 300
# an unknown key makes us ask for the document again at once, but not more often than this
DID_REFRESH_SECONDS = 10
# documents being fetched at one moment: strangers' tokens make us look them up
DID_FETCHES_MAX = 64
# peers whose documents we keep; the rest are fetched again
PEERS_KNOWN_MAX = 4_096
# a credential or a presentation as a JWT: claims of a company, and credentials within a presentation
CREDENTIAL_BYTES_MAX = 262_144
# credentials that we hold, and those of one issuer
HELD_CREDENTIALS_MAX = 1_000
# how long it counts what a peer has shown of its credentials; so late it is noticed that one was revoked
PRESENTED_SECONDS = 300
# a peer that showed less than was asked for is asked again after this: it may have it by now
ASKED_AGAIN_SECONDS = 1
# a status list is read again after this
STATUS_SECONDS = 60
# a status list of 131,072 places, packed, with what signs it; a list of a million places half full has less
STATUS_LIST_BYTES_MAX = 2_097_152
# status lists and schemas that are kept
LISTS_KEPT_MAX = 256
# a JSON schema of the claims of a company
SCHEMA_BYTES_MAX = 65_536
# how long a credential of ours holds; its holder asks for the next one when a third is left
CREDENTIAL_DAYS = 90
# after it was replaced a key of tokens is published for a while: tokens live for minutes, and peers look again in five
FORMER_TOKEN_KEY_SECONDS = 3600
# a document has at most so many keys beside the present ones: others read no more than 32 of all
FORMER_KEYS_MAX = 10
# each is kept for good; all are tried on a filed contract, and others read at most 32 keys of a document
FORMER_DELIVERY_KEYS_MAX = 8
# so long heads and cosignatures are signed by a log's former key as well: whoever looks at the space has heard by then
FORMER_LOG_SECONDS = 3600
# former keys of a log that a document lists, the newest
LISTED_LOG_KEYS_MAX = 2
# so long a contract that bears the signature of a former key of SM2 may be on its way to the platform
FORMER_SM2_DAYS = 30
# former keys of SM2 that a document lists: with all others that is 32
LISTED_SM2_MAX = 3
# credentials that one holder may ask for in a day
DAILY_ISSUANCES_MAX = 1_000
# BLS shares of heads that a witness gave and may be asked for again: one of each log that it witnesses
KEPT_SHARES_MAX = 1_024

# ---- orders, pages, people
# orders in one key request: one window of one edition in pieces has a few ranges
ORDERS_MAX = 64
# ranges of rows in one order
RANGES_MAX = 256
# rows of one page of any list
PAGE_ROWS_MAX = 100
# how far a search may be leafed through: the index collects as many hits for each page
FOUND_ROWS_MAX = 10_000
# what the products of one page of a search take at most: what is beyond is the next page
FOUND_BYTES_MAX = 4 * 1_048_576
# what the products of one page of a catalogue of DCAT-AP take at most; of its short values there are as many as we read
CATALOGUE_FACE_BYTES_MAX = 2 * 1_048_576
# products of one member, whatever became of them: a space of a hundred providers then still fits one search
MEMBER_PRODUCTS_MAX = 10_000
# products that one member hands in, new or changed, in one day (UTC): each is reviewed, and is for ever in the log
MEMBER_DAILY_PRODUCTS_MAX = 2_000
# reviews by ourselves of one member's products at once: a member that does not answer holds up its own
MEMBER_REVIEWS_MAX = 16
# services of one member that are on the list or want to be: a person reads each of them
MEMBER_SERVICES_MAX = 100
# demands of one member that look at once
MEMBER_DEMANDS_MAX = 100
# and of all together, for a new product is held against each of them
SPACE_DEMANDS_MAX = 5_000
# projects of one member that wait or go on at once
MEMBER_PROJECTS_MAX = 100
# results that the parties of a project put into its workspace
PROJECT_RESULTS_MAX = 500
# filed deals of one member that wait for the other side's word: of who is no member they wait for good
MEMBER_DEALS_MAX = 1_000
# applications for membership that wait for the operator: a stranger needs but a name to make one
WAITING_APPLICATIONS_MAX = 1_000
# saved searches of one member: each is asked at every heartbeat
MEMBER_SEARCHES_MAX = 16
# data resources of one participant
RESOURCES_MAX = 10_000
# codes that a node assigns to one holder: its products, its resources, and itself
HOLDER_CODES_MAX = MEMBER_PRODUCTS_MAX + RESOURCES_MAX + 1
# nodes below a node: a country has some thirty regions, and as many industries
LOWER_NODES_MAX = 64
# nodes that ask to be below and wait for a person: a stranger needs but a space of its own to be one
WAITING_NODES_MAX = 100
# nodes that pass a question on: up to the top and down again, with one level between
NODE_HOPS_MAX = 4
# questions of a node to others that are under way at a time, each to all its neighbours
NODE_QUESTIONS_MAX = 16
# what a node answers another: a page of entries of some kilobytes, of several nodes
NODE_ANSWER_BYTES_MAX = 1_048_576
# a report of a node to the one above: the heads of some hundred logs
NODE_REPORT_BYTES_MAX = 65_536
# reports of one node that are kept: a year of daily ones
REPORTS_KEPT_MAX = 400
# versions of one listing that are kept, the newest: a year of weekly ones
LISTING_VERSIONS_MAX = 52
# spaces of one exchange: a search names each with the grades that are seen there
SPACES_MAX = 64
# contract templates that one exchange offers: all of them are one answer, of some 80 kB each at most
TEMPLATES_MAX = 64
# operators of one exchange: three posts, with who stands in for them
OPERATORS_MAX = 32
# acts of operators that wait for another's assent
WAITING_ACTS_MAX = 1_000
# files of its folders that the console lists: a choice that a person looks through
CONSOLE_FILES_MAX = 500
# a longer file is measured when it is sealed, and not while somebody waits for a preview
CONSOLE_MEASURED_BYTES_MAX = 32 * 1024 * 1024
# files that a browser sends at a time
UPLOAD_FILES_MAX = 100
# uploads that come in at a time: each has a descriptor and a share of the disk that is promised to it
CONSOLE_UPLOADS_MAX = 4
# a part of an upload before its files: the token of the form
UPLOAD_FIELD_BYTES_MAX = 4_096
# what was sent and never published is removed then
UPLOAD_DAYS_KEPT = 7
# programs and assents that browsers sent and that are kept: half a MiB each at the most
PROGRAM_FILES_MAX = 64
# folders for publishing that were named while it runs
PUBLISHED_FOLDERS_MAX = 100
# complaints of one member that wait for somebody
MEMBER_COMPLAINTS_MAX = 100
# pairs of members whose payments to each other are kept as they were read off the chain
PAIRS_KEPT_MAX = 1_000
# requests of one member that wait for the exchange: money to be credited, money to be paid out
MEMBER_REQUESTS_MAX = 100
# trades that one settlement shows to the exchange; the rest follow with the next
REPORTED_TRADES_MAX = 1_000
# agreements that a month's statement looks through
BILLED_AGREEMENTS_MAX = 10_000
# a reason that travels to a peer or a person
REASON_CHARACTERS_MAX = 1_000
# the words of a search
QUERY_CHARACTERS_MAX = 400

# ---- other catalogues that an exchange harvests
# a country has some hundred exchanges; each costs a look every few minutes
SOURCES_MAX = 1_000
# products of one source, unless its operator allows more: what a large exchange lists
SOURCE_PRODUCTS = 20_000
# whatever its operator asks for, no more than this of one source
SOURCE_PRODUCTS_MAX = 100_000
# one product as a source tells it: a description of ten kilobytes, and tables with a thousand columns
HARVESTED_BYTES_MAX = 131_072
# what is told of a source that was left out, one by one
SOURCE_LINES_MAX = 20
# exchanges between a provider and us: further away nobody knows whom it trusts
HOPS_MAX = 3
# pages of one reading: the most products in pages of fifty
READING_PAGES_MAX = 2_000
# readings at once, so that slow sources leave room for others
READINGS_MAX = 4
# how long a reading keeps its place among them
READING_SECONDS = 20.0
# a source that failed is asked again after so long, twice as long after each further failure
SOURCE_RETRY_SECONDS = 30.0
# the longest that this grows to: a quarter of a day
SOURCE_RETRY_SECONDS_MAX = 21_600.0
# one answer about our changes; an entry alone may be longer
CHANGES_BYTES = 1_048_576
# products that were found once and are gone: remembered so that others learn of it
GONE_PRODUCTS_MAX = 100_000

# sealed bits of eight thousand subjects and at most three thousand decoys, with their proofs, in base64
LESSON_BYTES_MAX = 8 * 1_048_576
# ---- this machine
# ---- hooks of a review
# drawn pieces that a hook is handed: more are not read by anybody
HOOK_PIECES_BYTES_MAX = 64 * 1_048_576
# what it answers: some sentences
HOOK_ANSWER_BYTES_MAX = 65_536
# a hook that hangs keeps a product waiting, and no more
HOOK_SECONDS_MAX = 60.0

# ---- calls of an interface
# what one call sends: some kilobytes of JSON
CALL_BODY_BYTES_MAX = 1_048_576
# what one call is answered: what is longer is a data set, and sold as one
CALL_ANSWER_BYTES_MAX = 64 * 1_048_576
# a server that takes longer holds connections of everybody
CALL_ANSWER_SECONDS_MAX = 30.0
# of an answer that our own command shows
CALL_SHOWN_BYTES_MAX = 4 * 1_048_576
# calls under way at one provider's server, each agreement
CONCURRENT_CALLS_MAX = 64

# ---- streams of what grows
# plain bytes of one batch: it is sealed, sent and opened at once
BATCH_BYTES_MAX = 1_048_576
# messages of one batch
BATCH_MESSAGES_MAX = 10_000
# a batch is kept so long for those who were away
STREAM_DAYS_KEPT = 7
# and so many sealed bytes of each stream
STREAM_BYTES_KEPT = 1_073_741_824
# and so many batches: two a second are a day
STREAM_BATCHES_KEPT = 172_800
# a request waits so long for the next batch: longer ones are cut by what lies between
STREAM_WAIT_SECONDS_MAX = 25.0

# ---- room
# below this a sealed edition of the smallest useful size and its log, or the next commit, do not fit
FREE_DISK_BYTES = 64 * 1_048_576
# the number of an entry of a log as people write it: the largest of 64 bits has nineteen digits
INDEX_DIGITS_MAX = 18

# ---- the console
# a form has a few fields and a reason
FORM_BYTES_MAX = 16_384
# more fields than any form of ours
FORM_FIELDS_MAX = 32
# argon2 hashes what it is given, however long
PASSWORD_CHARACTERS_MAX = 256
# what people wrote of one page's rows, as HTML: a page of ordinary rows has a fifth of it
CONSOLE_ROWS_BYTES_MAX = 65_536
# values of one facet that a page offers
CONSOLE_FACET_VALUES_MAX = 8
# people who look at one participant
ACCOUNTS_MAX = 1_000
# authorities to sign that stand at one participant: each is read before an account signs
AUTHORITIES_MAX = 1_000
# programs that ask one participant's management interface with a key of their own
API_KEYS_MAX = 256
# of one key: who needs more of them needs `act`
API_KEY_SCOPES_MAX = 32
# a key that outlives a year outlives whoever remembers what it was for
API_KEY_DAYS_MAX = 366
# purchases and answers of one key with a budget, free ones among them: an agent that has lost its way ends there
KEY_SPENDINGS_MAX = 1_000
# proposals of agents that are kept: more than a person reads
PROPOSALS_MAX = 200
# an OpenID provider's document, keys and answers have some kilobytes
OIDC_DOCUMENT_BYTES_MAX = 262_144
# keys that a provider signs with, old ones among them
OIDC_KEYS_MAX = 64
# somebody waits in front of a browser
OIDC_SECONDS_MAX = 10.0
# groups of one person: a large directory has some hundred
OIDC_GROUPS_MAX = 1_000
# a page that is watched asks anew after this time, so that nobody holds a place for good
LIVE_SECONDS_MAX = 600

# ---- hosting
# a provider reads all of its host's log for what is disclosed to it: a minute or so
HOST_LOG_ENTRIES_MAX = 200_000
# pieces of an edition that is hosted: 64 GiB in pieces of a MiB; their secrets are a message of 4 MiB
HOSTED_PIECES_MAX = 65_536
# the same in hex, and an index
HANDOVER_BYTES_MAX = 32 * 1_048_576

# ---- supervision
# events of all members' logs at hand: some kilobyte each
LOGBOOK_EVENTS_MAX = 100_000
# and of the chain's programs
CHAIN_EVENTS_KEPT_MAX = 200_000
# what an audit prints of a space with many findings
AUDIT_BYTES_MAX = 64 * 1_048_576
# audits that are remembered
AUDITS_KEPT_MAX = 20

# ---- data flows of control planes

# flows of one control plane that go on at once
FLOWS_MAX = 10_000
# of one file that comes by a flow or is pushed to us; how long it is is nowhere agreed
FLOW_FILE_BYTES_MAX = 1 << 40
# files of one push
FLOW_FILES_MAX = 10_000
