BEGIN TRANSACTION;
CREATE TABLE "account_links" (
   "digest" BLOB PRIMARY KEY NOT NULL,
   "account" TEXT,
   "expires" INTEGER
) STRICT;
CREATE TABLE "accounts" (
   "name" TEXT PRIMARY KEY NOT NULL,
   "roles" TEXT,
   "operator" INTEGER,
   "title" TEXT,
   "password" TEXT,
   "nonce" TEXT,
   "used_step" INTEGER,
   "failures" INTEGER,
   "locked" INTEGER,
   "created" INTEGER
) STRICT;
CREATE TABLE "acquisitions" (
   "id" TEXT PRIMARY KEY NOT NULL,
   "product" TEXT,
   "provider" TEXT,
   "mandate" TEXT,
   "state" TEXT,
   "negotiation" TEXT,
   "agreement" TEXT,
   "channel" TEXT,
   "transfer" TEXT,
   "progress" TEXT,
   "reason" TEXT,
   "paused" INTEGER,
   "created" INTEGER,
   "updated" INTEGER
) STRICT;
CREATE TABLE "acts" (
   "id" TEXT PRIMARY KEY NOT NULL,
   "act" TEXT,
   "operator" TEXT,
   "post" TEXT,
   "handler" TEXT,
   "path" TEXT,
   "body" TEXT,
   "state" TEXT,
   "other" TEXT,
   "reason" TEXT,
   "result" TEXT,
   "until" INTEGER,
   "created" INTEGER,
   "updated" INTEGER
) STRICT;
CREATE TABLE "agreements" (
   "digest" TEXT PRIMARY KEY NOT NULL,
   "role" TEXT,
   "negotiation" TEXT,
   "peer" TEXT,
   "product" TEXT,
   "edition" TEXT,
   "terms" TEXT,
   "agreement" TEXT,
   "odrl" TEXT,
   "provider_signature" BLOB,
   "buyer_signature" BLOB,
   "state" TEXT,
   "licence_tx" TEXT,
   "not_after" INTEGER,
   "parent" TEXT,
   "created" INTEGER
) STRICT;
CREATE TABLE "alarms" (
   "id" TEXT PRIMARY KEY NOT NULL,
   "agreement" TEXT,
   "code" TEXT,
   "who" TEXT,
   "text" TEXT,
   "at" INTEGER
) STRICT;
CREATE TABLE "anchors" (
   "origin" TEXT NOT NULL,
   "size" INTEGER NOT NULL,
   "root" BLOB,
   "tx" TEXT,
   "block" INTEGER,
   "at" INTEGER,
   PRIMARY KEY ("origin", "size")
) STRICT;
CREATE TABLE "applications" (
   "did" TEXT PRIMARY KEY NOT NULL,
   "name" TEXT,
   "role" TEXT,
   "region" TEXT,
   "message" TEXT,
   "state" TEXT,
   "reason" TEXT,
   "due" INTEGER,
   "created" INTEGER,
   "updated" INTEGER
) STRICT;
CREATE TABLE "asset_properties" (
   "asset" TEXT NOT NULL,
   "name" TEXT NOT NULL,
   "value" TEXT,
   PRIMARY KEY ("asset", "name")
) STRICT;
CREATE TABLE "assets" (
   "id" TEXT PRIMARY KEY NOT NULL,
   "properties" TEXT,
   "private" TEXT,
   "address" TEXT,
   "due" INTEGER,
   "published" TEXT,
   "reason" TEXT,
   "created" INTEGER,
   "updated" INTEGER
) STRICT;
CREATE TABLE "attestations" (
   "id" TEXT PRIMARY KEY NOT NULL,
   "document" TEXT,
   "at" INTEGER
) STRICT;
CREATE TABLE "audits" (
   "id" TEXT PRIMARY KEY NOT NULL,
   "state" TEXT,
   "report" TEXT,
   "reason" TEXT,
   "at" INTEGER
) STRICT;
CREATE TABLE "batches" (
   "product" TEXT NOT NULL,
   "number" INTEGER NOT NULL,
   "previous" BLOB,
   "messages" INTEGER,
   "plain_bytes" INTEGER,
   "sealed_bytes" INTEGER,
   "sealed_digest" BLOB,
   "created" INTEGER,
   PRIMARY KEY ("product", "number")
) STRICT;
CREATE TABLE "batches_taken" (
   "agreement" TEXT PRIMARY KEY NOT NULL,
   "numbers" TEXT,
   "messages" INTEGER,
   "number" INTEGER,
   "head" BLOB,
   "signature" BLOB,
   "at" INTEGER,
   "bytes" INTEGER
) STRICT;
CREATE TABLE "box_keys" (
   "name" TEXT NOT NULL,
   "recipient" TEXT NOT NULL,
   "wrapped" BLOB,
   PRIMARY KEY ("name", "recipient")
) STRICT;
CREATE TABLE "bundles" (
   "id" TEXT PRIMARY KEY NOT NULL,
   "channel" TEXT,
   "seq" INTEGER,
   "code" TEXT,
   "bundle" TEXT,
   "created" INTEGER
) STRICT;
CREATE TABLE "callbacks" (
   "process" TEXT NOT NULL,
   "number" INTEGER NOT NULL,
   "kind" TEXT,
   "address" TEXT,
   "told" TEXT,
   "due" INTEGER,
   "created" INTEGER,
   PRIMARY KEY ("process", "number")
) STRICT;
CREATE TABLE "carried" (
   "agreement" TEXT PRIMARY KEY NOT NULL,
   "bytes" INTEGER
) STRICT;
CREATE TABLE "cash" (
   "reference" TEXT PRIMARY KEY NOT NULL,
   "id" TEXT,
   "member" TEXT,
   "kind" TEXT,
   "amount" TEXT,
   "state" TEXT,
   "tx" TEXT,
   "reason" TEXT,
   "created" INTEGER,
   "updated" INTEGER
) STRICT;
CREATE TABLE "chain_sends" (
   "hash" TEXT PRIMARY KEY NOT NULL,
   "nonce" INTEGER,
   "raw" BLOB,
   "price" INTEGER,
   "tip" INTEGER,
   "sent" INTEGER
) STRICT;
CREATE TABLE "chain_txs" (
   "id" TEXT PRIMARY KEY NOT NULL,
   "program" TEXT,
   "function" TEXT,
   "data" BLOB,
   "nonce" INTEGER,
   "hash" TEXT,
   "state" TEXT,
   "block" INTEGER,
   "error" TEXT,
   "created" INTEGER,
   "event" TEXT
) STRICT;
CREATE TABLE "channels" (
   "id" TEXT PRIMARY KEY NOT NULL,
   "role" TEXT,
   "peer" TEXT,
   "agreement" TEXT,
   "payer" TEXT,
   "payee" TEXT,
   "signer" TEXT,
   "token" TEXT,
   "split" TEXT,
   "arbitrator" TEXT,
   "salt" BLOB,
   "deposit" TEXT,
   "expiry" INTEGER,
   "state" TEXT,
   "seq" INTEGER,
   "cumulative" TEXT,
   "account_hash" BLOB,
   "claimed" TEXT,
   "claimed_as" BLOB,
   "claimed_lock" BLOB,
   "frozen_for" INTEGER,
   "open_tx" TEXT,
   "close_tx" TEXT,
   "created" INTEGER
) STRICT;
CREATE TABLE "checkpoints" (
   "size" INTEGER PRIMARY KEY NOT NULL,
   "root" BLOB,
   "note" TEXT,
   "cosigned" TEXT,
   "at" INTEGER
) STRICT;
CREATE TABLE "complaints" (
   "id" TEXT PRIMARY KEY NOT NULL,
   "agreement" TEXT,
   "words" TEXT,
   "complainant" TEXT,
   "respondent" TEXT,
   "state" TEXT,
   "answer" TEXT,
   "reason" TEXT,
   "whose" TEXT,
   "due" INTEGER,
   "waits" INTEGER,
   "late" INTEGER,
   "amount" TEXT,
   "created" INTEGER,
   "updated" INTEGER
) STRICT;
CREATE TABLE "connectors" (
   "did" TEXT PRIMARY KEY NOT NULL,
   "document" TEXT,
   "seen" INTEGER
) STRICT;
CREATE TABLE "console_sessions" (
   "digest" BLOB PRIMARY KEY NOT NULL,
   "account" TEXT,
   "post_key" TEXT,
   "created" INTEGER,
   "expires" INTEGER
) STRICT;
CREATE TABLE "contract_definitions" (
   "id" TEXT PRIMARY KEY NOT NULL,
   "access" TEXT,
   "contract" TEXT,
   "selector" TEXT,
   "asset" TEXT,
   "private" TEXT,
   "created" INTEGER
) STRICT;
CREATE TABLE "control_planes" (
   "id" TEXT PRIMARY KEY NOT NULL,
   "endpoint" TEXT,
   "secret" BLOB,
   "created" INTEGER
) STRICT;
CREATE TABLE "copies" (
   "id" TEXT PRIMARY KEY NOT NULL,
   "agreement" TEXT,
   "transfer" TEXT,
   "number" INTEGER,
   "purpose" TEXT,
   "edition_bytes" INTEGER,
   "calls" INTEGER,
   "rows" TEXT,
   "pushed" INTEGER,
   "state" TEXT,
   "receipt" TEXT,
   "signature" BLOB,
   "entry" INTEGER,
   "agreed" INTEGER,
   "created" INTEGER,
   "ended" INTEGER,
   "bytes" INTEGER
) STRICT;
CREATE TABLE "data_planes" (
   "id" TEXT PRIMARY KEY NOT NULL,
   "endpoint" TEXT,
   "profiles" TEXT,
   "labels" TEXT,
   "secret" BLOB,
   "token_endpoint" TEXT,
   "client" TEXT,
   "credential" BLOB,
   "created" INTEGER
) STRICT;
CREATE TABLE "decisions" (
   "id" TEXT PRIMARY KEY NOT NULL,
   "agreement" TEXT,
   "place" TEXT,
   "policy" TEXT,
   "request" TEXT,
   "decision" TEXT,
   "outcome" TEXT,
   "digest" BLOB,
   "at" INTEGER
) STRICT;
CREATE TABLE "demands" (
   "id" TEXT PRIMARY KEY NOT NULL,
   "member" TEXT,
   "document" TEXT,
   "state" TEXT,
   "product" TEXT,
   "agreement" TEXT,
   "reason" TEXT,
   "until" INTEGER,
   "created" INTEGER,
   "updated" INTEGER
) STRICT;
CREATE TABLE "derived" (
   "edition" TEXT NOT NULL,
   "agreement" TEXT NOT NULL,
   "source" TEXT,
   PRIMARY KEY ("edition", "agreement")
) STRICT;
CREATE TABLE "destructions" (
   "agreement" TEXT NOT NULL,
   "replica" TEXT NOT NULL,
   "holder" TEXT,
   "text" TEXT,
   "at" INTEGER,
   PRIMARY KEY ("agreement", "replica")
) STRICT;
CREATE TABLE "dispute_bundles" (
   "id" TEXT PRIMARY KEY NOT NULL,
   "bundle" TEXT
) STRICT;
CREATE TABLE "disputes" (
   "id" TEXT PRIMARY KEY NOT NULL,
   "channel" TEXT,
   "account_hash" TEXT,
   "filer" TEXT,
   "payer" TEXT,
   "payee" TEXT,
   "arbitrator" TEXT,
   "state" TEXT,
   "ruling" TEXT,
   "ruling_tx" TEXT,
   "created" INTEGER,
   "updated" INTEGER
) STRICT;
CREATE TABLE "drawn" (
   "replica" TEXT NOT NULL,
   "source" TEXT NOT NULL,
   "rows" INTEGER,
   "dropped" TEXT,
   PRIMARY KEY ("replica", "source")
) STRICT;
CREATE TABLE "editions" (
   "id" TEXT PRIMARY KEY NOT NULL,
   "series" TEXT,
   "number" INTEGER,
   "product" TEXT,
   "header" TEXT,
   "rows" BLOB,
   "index_json" TEXT,
   "plain_digests" BLOB,
   "run" BLOB,
   "key_id" TEXT,
   "path" TEXT,
   "sources" TEXT,
   "repeated" TEXT,
   "state" TEXT,
   "register_tx" TEXT,
   "review_seed" BLOB,
   "watermarks" TEXT,
   "created" INTEGER
) STRICT;
CREATE TABLE "edr_requests" (
   "negotiation" TEXT PRIMARY KEY NOT NULL,
   "format" TEXT,
   "created" INTEGER
) STRICT;
CREATE TABLE "edrs" (
   "transfer" TEXT PRIMARY KEY NOT NULL,
   "created" INTEGER
) STRICT;
CREATE TABLE "facts" (
   "name" TEXT PRIMARY KEY NOT NULL,
   "value" TEXT
) STRICT;
INSERT INTO "facts" VALUES('space','{"exchange":"did:web:localhost%3A8471","deployment":{"chainId":"601974613446200","salt":"e5ff7629c2ba35ba34ac99faab8635f8d59884a62f9f0c2232ae1d85a1263eb6","since":"1","addresses":{"editions":"0xcCb1DD4001D2DFfdAc74439404aDc1152E72D182","licences":"0x9ffe1b631b698aEb3A2f91daB93B720D503CF352","channels":"0xc18349BC705a3A24a89cc5Bb2c04b4654e5F5c4B","anchors":"0xe4A65e3a44029E2E7f4c94789113c1348d3bFcc3","token":"0x6AFcDA324a4d901585a637b1df792af81EcAfF1c","batch":"0x2377016281F8369BC681f39fbB625D1DDF21942E","spaces":"0x622b31f1D37e55b031103EB7548829fE2B1d537E"}},"members":[{"did":"did:web:localhost%3A8471","name":"Harbour","role":"exchange","region":"US-NY","url":"http://localhost:8471","address":"0x1F0a890e13D7c6C3F7613b5a8CD885b454A9b959","origin":"localhost:8471/log","logKey":"9eee26e1219825eee00611d1f430dbbd849d304b43c146c0769d1844d46595ad","delivery":"c1deb0d4a60ec5e93bfc805c35de0eb2273a64ba0054a05b776f22c397f13945","aggregate":"8a4db81ec9efb033b446b7ef68daef109bbed063a92de316c01c6aa08ab18634437a41bc5bd14939df6e56ac0bf8eda1","possession":"a8e9ef9f8fcbd52b2a0837f14f8af3c1eabb5ffcc1c4d98b4a29e3c04a3551a9a1a5446ea18ed3a1a554fc9ccb4a4681057ba48dfbfba7fb44a7061e70dd6f34083e832ae6033465fe868f42c1587b4c7743023491955ca957b8032fab57b8c2"},{"did":"did:web:localhost%3A8474","name":"Regulator","role":"regulator","region":"US-NY","url":"http://localhost:8474","address":"0x794e7807831F6a1AE5B989DcDA57966cCf9E2CA4","origin":"localhost:8474/log","logKey":"41c5d0323bd4e69612e7e1ba6107bac5d68902499476e7957881f51db5e04ac9","delivery":"e7708f50c2861d47897f8ae0440c605a1d29fc8ce1fedda94f0afa4e4da2fb25","aggregate":"891bd5da3530b8f21ef98bb2351905b0aed6c349e8506a9320d98538bacea11420001d6728c1d29133f9bcd3fa2243dd","possession":"8481e8d1f79b2f0402dd280c282ae80fc03806a579725947f04175a0150ea36c905eb2df9e6c25ac8b7055994aa578280b54e27766851ff899f7a3af118ee14d543fc021271bdf76eb61b4778cbf48b3038e19de91e3ac69b235d52981c07407"},{"did":"did:web:localhost%3A8472","name":"Provider","role":"provider","region":"US-NY","url":"http://localhost:8472","address":"0x5f14a35aD87873a186B693b04CB85cE41ADA2F9E","origin":"localhost:8472/log","logKey":"cbf76c761253fd32d03253e1021ffb04fc188a3119a1ab42f378013ff0cedb62","delivery":"390dc59b3cb095535de7032a2e33f9fb742ac0b982f028c6195f801336ca461d","aggregate":"ac8c71e3767b4f6a975f4b0fa543d98bb3d9d1090c15d384c18eb9ab3742541191bdebe8c373c1dd2d9b411f9168c10c","possession":"b7a4d8eccc122a06c89251734a748f5b662064fccddf8ca75beaad8d7c41db171c9bdb71877a91d4a3f6f110da3f21e905cfe8e46b605b953b336b814a2de33792291590fe4e49b87e023539627056766687cd4fa99c99f8a7c3d432b65d595d"},{"did":"did:web:localhost%3A8473","name":"Buyer","role":"buyer","region":"US-NY","url":"http://localhost:8473","address":"0x321effc5B5be034ED46F1bF0b0Ca4Dc5D85CFecb","origin":"localhost:8473/log","logKey":"03535ad9f765604eaf8f67f5e31e9c17bec1ebed6cc4dab8e331a83696668ee1","delivery":"faa09e62a53bf00bb57706d5117c9f3080db9b394c728be5510f2107bf4ff95c","aggregate":"87da2ff8cb392aeab41ebff5d308422330e3549c0bea8c38cc3972c5ca391614666a797d2cbd142b99d86ba4e9f4141d","possession":"948b98e77a69a3dbd631d88bb41b0706b1c18f94aa801a82d3bb1d7d8bec55ddd48c51ee7c04c2c941987aaca38b204511f127d863ad1e2d33b7ca79db714b6a15ab689c70fd9e5415109e7fcc5c77dc1db3858e961a3d57d1b20489300a8915"}],"witnesses":{"did:web:localhost%3A8471":["did:web:localhost%3A8474","did:web:localhost%3A8473"],"did:web:localhost%3A8474":["did:web:localhost%3A8471","did:web:localhost%3A8473"],"did:web:localhost%3A8472":["did:web:localhost%3A8471","did:web:localhost%3A8474"],"did:web:localhost%3A8473":["did:web:localhost%3A8471","did:web:localhost%3A8474"]},"quorum":2,"feeBps":1000,"label":"embedded"}');
INSERT INTO "facts" VALUES('licences-read','{"block":"8"}');
CREATE TABLE "federated" (
   "id" TEXT PRIMARY KEY NOT NULL,
   "provider" TEXT,
   "own" TEXT,
   "edition" TEXT,
   "source" TEXT,
   "origin" TEXT,
   "state" TEXT,
   "seq" INTEGER,
   "updated" INTEGER
) STRICT;
CREATE TABLE "flows" (
   "id" TEXT PRIMARY KEY NOT NULL,
   "digest" TEXT,
   "plane" TEXT,
   "role" TEXT,
   "participant" TEXT,
   "counterparty" TEXT,
   "dataspace" TEXT,
   "agreement" TEXT,
   "dataset" TEXT,
   "profile" TEXT,
   "push" INTEGER,
   "state" TEXT,
   "owed" TEXT,
   "reason" TEXT,
   "address" TEXT,
   "edition" TEXT,
   "edition_bytes" INTEGER,
   "renewal" BLOB,
   "progress" TEXT,
   "files" INTEGER,
   "bytes" INTEGER,
   "created" INTEGER,
   "updated" INTEGER
) STRICT;
CREATE TABLE "followed" (
   "agreement" TEXT PRIMARY KEY NOT NULL,
   "place" TEXT,
   "state" TEXT,
   "reason" TEXT,
   "asked" TEXT,
   "numbers" TEXT,
   "number" INTEGER,
   "head" BLOB,
   "missed" INTEGER,
   "messages" INTEGER,
   "size" INTEGER,
   "since" INTEGER,
   "updated" INTEGER,
   "bytes" INTEGER
) STRICT;
CREATE TABLE "handed_in" (
   "member" TEXT PRIMARY KEY NOT NULL,
   "day" TEXT,
   "count" INTEGER
) STRICT;
CREATE TABLE "harvested" (
   "source" TEXT NOT NULL,
   "own" TEXT NOT NULL,
   "product" TEXT,
   "kind" TEXT,
   "edition" TEXT,
   "document" TEXT,
   "path" TEXT,
   "digest" BLOB,
   "changed" INTEGER,
   "generation" INTEGER,
   "at" INTEGER,
   PRIMARY KEY ("source", "own")
) STRICT;
CREATE TABLE "holders" (
   "agreement" TEXT PRIMARY KEY NOT NULL,
   "edition" TEXT,
   "holder" TEXT,
   "at" INTEGER
) STRICT;
CREATE TABLE "leases" (
   "name" TEXT PRIMARY KEY NOT NULL,
   "holder" TEXT,
   "until" INTEGER
) STRICT;
INSERT INTO "leases" VALUES('participant','vm/26133/944c376c6e1e585a',1795599906563938);
CREATE TABLE "leavings" (
   "did" TEXT PRIMARY KEY NOT NULL,
   "plan" TEXT,
   "state" TEXT,
   "reason" TEXT,
   "until" INTEGER,
   "created" INTEGER,
   "updated" INTEGER
) STRICT;
CREATE TABLE "listing_versions" (
   "product" TEXT NOT NULL,
   "number" INTEGER NOT NULL,
   "document" TEXT,
   "digest" TEXT,
   "review" TEXT,
   "created" INTEGER,
   PRIMARY KEY ("product", "number")
) STRICT;
CREATE TABLE "listings" (
   "id" TEXT PRIMARY KEY NOT NULL,
   "space" TEXT,
   "provider" TEXT,
   "title" TEXT,
   "tier" TEXT,
   "dataset" TEXT,
   "offer" TEXT,
   "edition" TEXT,
   "header" TEXT,
   "sample" TEXT,
   "resource" TEXT,
   "code" TEXT,
   "state" TEXT,
   "seed" BLOB,
   "review" TEXT,
   "reason" TEXT,
   "created" INTEGER,
   "updated" INTEGER,
   "skeleton" TEXT,
   "seq" INTEGER,
   "standing" TEXT
) STRICT;
CREATE TABLE "log_entries" (
   "idx" INTEGER PRIMARY KEY NOT NULL,
   "kind" TEXT,
   "part" TEXT,
   "entry" BLOB,
   "leaf" BLOB,
   "at" INTEGER,
   "box" BLOB,
   "box_key" TEXT
) STRICT;
CREATE TABLE "log_hashes" (
   "level" INTEGER NOT NULL,
   "idx" INTEGER NOT NULL,
   "hash" BLOB,
   PRIMARY KEY ("level", "idx")
) STRICT;
CREATE TABLE "members" (
   "did" TEXT PRIMARY KEY NOT NULL,
   "name" TEXT,
   "role" TEXT,
   "region" TEXT,
   "url" TEXT,
   "state" TEXT,
   "document" TEXT,
   "created" INTEGER,
   "updated" INTEGER
) STRICT;
CREATE TABLE "negotiations" (
   "id" TEXT PRIMARY KEY NOT NULL,
   "peer_pid" TEXT,
   "role" TEXT,
   "peer" TEXT,
   "peer_address" BLOB,
   "callback" TEXT,
   "product" TEXT,
   "state" TEXT,
   "pending" TEXT,
   "turn" TEXT,
   "offer" TEXT,
   "rounds" INTEGER,
   "own_price" TEXT,
   "their_price" TEXT,
   "price" TEXT,
   "mandate" TEXT,
   "terms" TEXT,
   "agreement" TEXT,
   "digest" TEXT,
   "provider_signature" BLOB,
   "buyer_signature" BLOB,
   "reason" TEXT,
   "deadline" INTEGER,
   "due" INTEGER,
   "entered" TEXT,
   "created" INTEGER,
   "updated" INTEGER
) STRICT;
CREATE TABLE "offers_made" (
   "negotiation" TEXT NOT NULL,
   "number" INTEGER NOT NULL,
   "who" TEXT,
   "price" TEXT,
   "offer" TEXT,
   "at" INTEGER,
   PRIMARY KEY ("negotiation", "number")
) STRICT;
CREATE TABLE "openings" (
   "id" TEXT PRIMARY KEY NOT NULL,
   "agreement" TEXT,
   "transfer" TEXT,
   "reader_key" BLOB,
   "number" INTEGER,
   "role" TEXT,
   "purpose" TEXT,
   "state" TEXT,
   "rows" TEXT,
   "reason" TEXT,
   "lease_until" INTEGER,
   "created" INTEGER,
   "ended" INTEGER
) STRICT;
CREATE TABLE "operators" (
   "name" TEXT PRIMARY KEY NOT NULL,
   "post" TEXT,
   "digest" TEXT,
   "state" TEXT,
   "created" INTEGER,
   "updated" INTEGER
) STRICT;
CREATE TABLE "outbox" (
   "id" TEXT PRIMARY KEY NOT NULL,
   "peer" TEXT,
   "url" TEXT,
   "body" TEXT,
   "process" TEXT,
   "subject" TEXT,
   "kind" TEXT,
   "attempts" INTEGER,
   "due" INTEGER,
   "deadline" INTEGER,
   "error" TEXT,
   "created" INTEGER
) STRICT;
CREATE TABLE "paid_periods" (
   "agreement" TEXT NOT NULL,
   "period" INTEGER NOT NULL,
   "quantity" INTEGER,
   "amount" TEXT,
   PRIMARY KEY ("agreement", "period")
) STRICT;
CREATE TABLE "paid_rows" (
   "agreement" TEXT PRIMARY KEY NOT NULL,
   "rows" TEXT,
   "quantity" INTEGER,
   "amount" TEXT,
   "plain" INTEGER
) STRICT;
CREATE TABLE "peer_heads" (
   "origin" TEXT PRIMARY KEY NOT NULL,
   "size" INTEGER,
   "root" BLOB,
   "note" TEXT,
   "at" INTEGER
) STRICT;
INSERT INTO "peer_heads" VALUES('localhost:8471/log',14,X'FA59613219135CE473E8E626C79567D162795171D3B5563525D81D7523BEEE5F','localhost:8471/log
14
+llhMhkTXORz6OYmx5Vn0WJ5UXHTtVY1JdgddSO+7l8=

— localhost:8471/log BnHFgJSC29KFcgyPF28lPgjKh6SpF1btqdOjafFgvoZkkeB7NfZFzF8zK47UbzGuj7jNGLRsBITVhOapwi54zWme4QE=
— localhost:8471/witness 5Q+0kgAAAABrBq4FkzwkBJ/e2V2J/sFtzmmvnWmT4qtIa1K+rGMocTlFr7Vrd9zZOGB5gU3REHy9r8ZPDXmw3r52CgyUZbMxOBh6oxs=
',1795599877274841);
CREATE TABLE "performed" (
   "id" TEXT PRIMARY KEY NOT NULL,
   "agreement" TEXT,
   "action" TEXT,
   "who" TEXT,
   "at" INTEGER
) STRICT;
CREATE TABLE "policies" (
   "digest" TEXT PRIMARY KEY NOT NULL,
   "document" TEXT
) STRICT;
CREATE TABLE "policy_definitions" (
   "id" TEXT PRIMARY KEY NOT NULL,
   "written" TEXT,
   "rules" TEXT,
   "price" TEXT,
   "private" TEXT,
   "created" INTEGER
) STRICT;
CREATE TABLE "product_versions" (
   "product" TEXT NOT NULL,
   "number" INTEGER NOT NULL,
   "kept" TEXT,
   "digest" TEXT,
   "created" INTEGER,
   PRIMARY KEY ("product", "number")
) STRICT;
CREATE TABLE "products" (
   "id" TEXT PRIMARY KEY NOT NULL,
   "title" TEXT,
   "tier" TEXT,
   "edition" TEXT,
   "brief" TEXT,
   "renewal" TEXT,
   "dataset" TEXT,
   "sample" TEXT,
   "policy" TEXT,
   "terms" TEXT,
   "limits" TEXT,
   "offer" TEXT,
   "standing" TEXT,
   "blind" BLOB,
   "offers" TEXT,
   "access" TEXT,
   "state" TEXT,
   "reason" TEXT,
   "created" INTEGER,
   "updated" INTEGER
) STRICT;
CREATE TABLE "published_folders" (
   "path" TEXT PRIMARY KEY NOT NULL,
   "by" TEXT,
   "since" INTEGER
) STRICT;
CREATE TABLE "pursuits" (
   "id" TEXT PRIMARY KEY NOT NULL,
   "mandate" TEXT,
   "state" TEXT,
   "product" TEXT,
   "acquisition" TEXT,
   "tried" TEXT,
   "reason" TEXT,
   "created" INTEGER,
   "updated" INTEGER
) STRICT;
CREATE TABLE "reads" (
   "id" TEXT PRIMARY KEY NOT NULL,
   "acquisition" TEXT,
   "agreement" TEXT,
   "purpose" TEXT,
   "said" TEXT,
   "reader_key" BLOB,
   "state" TEXT,
   "result" TEXT,
   "reason" TEXT,
   "created" INTEGER
) STRICT;
CREATE TABLE "received" (
   "subject" TEXT NOT NULL,
   "digest" BLOB NOT NULL,
   "status" INTEGER,
   "state" TEXT,
   "at" INTEGER,
   PRIMARY KEY ("subject", "digest")
) STRICT;
CREATE TABLE "replicas" (
   "id" TEXT PRIMARY KEY NOT NULL,
   "edition" TEXT,
   "series" TEXT,
   "agreement" TEXT,
   "header" TEXT,
   "seal" BLOB,
   "bytes_rows" TEXT,
   "key_rows" TEXT,
   "key_id" TEXT,
   "path" TEXT,
   "state" TEXT,
   "created" INTEGER
) STRICT;
CREATE TABLE "resources" (
   "id" TEXT PRIMARY KEY NOT NULL,
   "document" TEXT,
   "created" INTEGER,
   "updated" INTEGER
) STRICT;
CREATE TABLE "row_secrets" (
   "replica" TEXT NOT NULL,
   "row" INTEGER NOT NULL,
   "count" INTEGER,
   "wrapped" BLOB,
   PRIMARY KEY ("replica", "row")
) STRICT;
CREATE TABLE "row_tables" (
   "edition" TEXT PRIMARY KEY NOT NULL,
   "rows" BLOB
) STRICT;
CREATE TABLE "rulings" (
   "id" TEXT PRIMARY KEY NOT NULL,
   "state" TEXT,
   "ruling" TEXT,
   "tx" TEXT,
   "created" INTEGER
) STRICT;
CREATE TABLE "searches" (
   "member" TEXT NOT NULL,
   "name" TEXT NOT NULL,
   "text" TEXT,
   "conditions" TEXT,
   "since" INTEGER,
   "created" INTEGER,
   PRIMARY KEY ("member", "name")
) STRICT;
CREATE TABLE "secrets" (
   "id" TEXT PRIMARY KEY NOT NULL,
   "value" BLOB,
   "created" INTEGER
) STRICT;
CREATE TABLE "served" (
   "edition" TEXT PRIMARY KEY NOT NULL,
   "at" INTEGER
) STRICT;
CREATE TABLE "services" (
   "id" TEXT PRIMARY KEY NOT NULL,
   "space" TEXT,
   "provider" TEXT,
   "title" TEXT,
   "service" TEXT,
   "state" TEXT,
   "review" TEXT,
   "reason" TEXT,
   "seq" INTEGER,
   "created" INTEGER,
   "updated" INTEGER
) STRICT;
CREATE TABLE "shown_channels" (
   "channel" TEXT PRIMARY KEY NOT NULL,
   "agreement" TEXT,
   "state" TEXT,
   "created" INTEGER
) STRICT;
CREATE TABLE "shown_trades" (
   "agreement" TEXT PRIMARY KEY NOT NULL,
   "channel" TEXT,
   "state" TEXT,
   "created" INTEGER
) STRICT;
CREATE TABLE "sources" (
   "name" TEXT PRIMARY KEY NOT NULL,
   "kind" TEXT,
   "address" TEXT,
   "did" TEXT,
   "state" TEXT,
   "cursor" TEXT,
   "generation" INTEGER,
   "pages" INTEGER,
   "most" INTEGER,
   "rank" INTEGER,
   "products" INTEGER,
   "left" INTEGER,
   "told" TEXT,
   "reason" TEXT,
   "failures" INTEGER,
   "whole" INTEGER,
   "member" TEXT,
   "due" INTEGER,
   "read" INTEGER,
   "created" INTEGER,
   "updated" INTEGER
) STRICT;
CREATE TABLE "space_versions" (
   "space" TEXT NOT NULL,
   "version" INTEGER NOT NULL,
   "name" TEXT,
   "description" TEXT,
   "state" TEXT,
   "rules" TEXT,
   "by" TEXT,
   "reason" TEXT,
   "created" INTEGER,
   PRIMARY KEY ("space", "version")
) STRICT;
CREATE TABLE "spaces" (
   "id" TEXT PRIMARY KEY NOT NULL,
   "name" TEXT,
   "description" TEXT,
   "state" TEXT,
   "version" INTEGER,
   "rules" TEXT,
   "reason" TEXT,
   "created" INTEGER,
   "updated" INTEGER
) STRICT;
CREATE TABLE "steered" (
   "transfer" TEXT PRIMARY KEY NOT NULL,
   "role" TEXT,
   "plane" TEXT,
   "state" TEXT,
   "agreement" TEXT,
   "profile" TEXT,
   "wanted" TEXT,
   "address" TEXT,
   "reason" TEXT,
   "created" INTEGER,
   "updated" INTEGER
) STRICT;
CREATE TABLE store_version (version INTEGER NOT NULL, program TEXT) STRICT;
INSERT INTO "store_version" VALUES(3,'penstock 0.1.0');
CREATE TABLE "streams" (
   "product" TEXT PRIMARY KEY NOT NULL,
   "source" TEXT,
   "position" TEXT,
   "number" INTEGER,
   "head" BLOB,
   "messages" INTEGER,
   "updated" INTEGER,
   "bytes" INTEGER
) STRICT;
CREATE TABLE "sub_licences" (
   "digest" TEXT NOT NULL,
   "parent" TEXT NOT NULL,
   "child" TEXT,
   "document" TEXT,
   "state" TEXT,
   "created" INTEGER,
   PRIMARY KEY ("digest", "parent")
) STRICT;
CREATE TABLE "tokens_seen" (
   "issuer" TEXT NOT NULL,
   "jti" TEXT NOT NULL,
   "expires" INTEGER,
   PRIMARY KEY ("issuer", "jti")
) STRICT;
CREATE TABLE "trade_channels" (
   "channel" TEXT PRIMARY KEY NOT NULL,
   "agreement" TEXT,
   "provider" TEXT,
   "buyer" TEXT,
   "created" INTEGER
) STRICT;
CREATE TABLE "trades" (
   "agreement" TEXT PRIMARY KEY NOT NULL,
   "channel" TEXT,
   "product" TEXT,
   "provider" TEXT,
   "buyer" TEXT,
   "topic" TEXT,
   "grade" TEXT,
   "form" TEXT,
   "tier" TEXT,
   "unit" TEXT,
   "currency" TEXT,
   "price" TEXT,
   "amount" TEXT,
   "entry" INTEGER,
   "created" INTEGER
) STRICT;
CREATE TABLE "transfers" (
   "id" TEXT PRIMARY KEY NOT NULL,
   "peer_pid" TEXT,
   "role" TEXT,
   "peer" TEXT,
   "callback" TEXT,
   "agreement" TEXT,
   "format" TEXT,
   "state" TEXT,
   "pending" TEXT,
   "turn" TEXT,
   "address" TEXT,
   "reason" TEXT,
   "paused" TEXT,
   "deadline" INTEGER,
   "due" INTEGER,
   "entered" TEXT,
   "created" INTEGER,
   "updated" INTEGER
) STRICT;
CREATE TABLE "uses" (
   "holder" TEXT NOT NULL,
   "agreement" TEXT NOT NULL,
   "rule" TEXT NOT NULL,
   "operand" TEXT NOT NULL,
   "unit" TEXT,
   "numerator" INTEGER,
   "denominator" INTEGER,
   "at" INTEGER,
   "until" INTEGER,
   "state" TEXT,
   PRIMARY KEY ("holder", "agreement", "rule", "operand")
) STRICT;
CREATE TABLE "windows" (
   "channel" TEXT NOT NULL,
   "seq" INTEGER NOT NULL,
   "role" TEXT,
   "state" TEXT,
   "orders" TEXT,
   "contexts" TEXT,
   "prev" BLOB,
   "account_hash" BLOB,
   "amount" TEXT,
   "cumulative" TEXT,
   "valid_until" INTEGER,
   "lock" BLOB,
   "secret" BLOB,
   "masked" BLOB,
   "offer" TEXT,
   "offer_signature" BLOB,
   "sealed_keys" TEXT,
   "voucher" TEXT,
   "voucher_signature" BLOB,
   "receipt" TEXT,
   "receipt_signature" BLOB,
   "refusal" TEXT,
   "refusal_signature" BLOB,
   "reasons" TEXT,
   "code" TEXT,
   "created" INTEGER,
   PRIMARY KEY ("channel", "seq")
) STRICT;
CREATE TABLE "witnessed" (
   "origin" TEXT PRIMARY KEY NOT NULL,
   "size" INTEGER,
   "root" BLOB,
   "note" TEXT,
   "at" INTEGER
) STRICT;
INSERT INTO "witnessed" VALUES('localhost:8471/log',14,X'FA59613219135CE473E8E626C79567D162795171D3B5563525D81D7523BEEE5F','localhost:8471/log
14
+llhMhkTXORz6OYmx5Vn0WJ5UXHTtVY1JdgddSO+7l8=

— localhost:8471/log BnHFgJSC29KFcgyPF28lPgjKh6SpF1btqdOjafFgvoZkkeB7NfZFzF8zK47UbzGuj7jNGLRsBITVhOapwi54zWme4QE=
— localhost:8471/witness 5Q+0kgAAAABrBq4FkzwkBJ/e2V2J/sFtzmmvnWmT4qtIa1K+rGMocTlFr7Vrd9zZOGB5gU3REHy9r8ZPDXmw3r52CgyUZbMxOBh6oxs=
',1795599877274741);
CREATE INDEX "idx_log_entries_part"
    ON "log_entries" ("part");
CREATE INDEX "idx_outbox_due"
    ON "outbox" ("due");
CREATE INDEX "idx_outbox_subject"
    ON "outbox" ("subject");
CREATE UNIQUE INDEX "idx_negotiations_role_peer_peer_pid"
    ON "negotiations" ("role", "peer", "peer_pid");
CREATE INDEX "idx_negotiations_state"
    ON "negotiations" ("state");
CREATE INDEX "idx_negotiations_deadline"
    ON "negotiations" ("deadline");
CREATE INDEX "idx_negotiations_due"
    ON "negotiations" ("due");
CREATE UNIQUE INDEX "idx_transfers_role_peer_peer_pid"
    ON "transfers" ("role", "peer", "peer_pid");
CREATE INDEX "idx_transfers_state"
    ON "transfers" ("state");
CREATE INDEX "idx_transfers_deadline"
    ON "transfers" ("deadline");
CREATE INDEX "idx_transfers_due"
    ON "transfers" ("due");
CREATE INDEX "idx_transfers_agreement"
    ON "transfers" ("agreement");
CREATE INDEX "idx_agreements_not_after"
    ON "agreements" ("not_after");
CREATE INDEX "idx_agreements_parent"
    ON "agreements" ("parent");
CREATE INDEX "idx_agreements_product_role_not_after"
    ON "agreements" ("product", "role", "not_after");
CREATE INDEX "idx_agreements_state_not_after_digest"
    ON "agreements" ("state", "not_after", "digest");
CREATE INDEX "idx_pursuits_state"
    ON "pursuits" ("state");
CREATE INDEX "idx_acquisitions_state"
    ON "acquisitions" ("state");
CREATE INDEX "idx_chain_txs_state_block"
    ON "chain_txs" ("state", "block");
CREATE INDEX "idx_chain_sends_nonce"
    ON "chain_sends" ("nonce");
CREATE INDEX "idx_channels_agreement"
    ON "channels" ("agreement");
CREATE INDEX "idx_channels_state"
    ON "channels" ("state");
CREATE INDEX "idx_windows_state_channel_seq"
    ON "windows" ("state", "channel", "seq");
CREATE INDEX "idx_windows_lock"
    ON "windows" ("lock");
CREATE INDEX "idx_disputes_filer_state"
    ON "disputes" ("filer", "state");
CREATE INDEX "idx_batches_created"
    ON "batches" ("created");
CREATE INDEX "idx_flows_plane_created"
    ON "flows" ("plane", "created");
CREATE INDEX "idx_flows_state"
    ON "flows" ("state");
CREATE INDEX "idx_flows_owed"
    ON "flows" ("owed");
CREATE INDEX "idx_flows_digest"
    ON "flows" ("digest");
CREATE INDEX "idx_data_planes_created"
    ON "data_planes" ("created");
CREATE INDEX "idx_steered_plane"
    ON "steered" ("plane");
CREATE INDEX "idx_uses_agreement_unit_rule_operand"
    ON "uses" ("agreement", "unit", "rule", "operand");
CREATE INDEX "idx_decisions_agreement"
    ON "decisions" ("agreement");
CREATE INDEX "idx_performed_agreement_at"
    ON "performed" ("agreement", "at");
CREATE UNIQUE INDEX "idx_openings_agreement_transfer_reader_key_role"
    ON "openings" ("agreement", "transfer", "reader_key", "role");
CREATE INDEX "idx_reads_agreement"
    ON "reads" ("agreement");
CREATE INDEX "idx_replicas_agreement"
    ON "replicas" ("agreement");
CREATE INDEX "idx_replicas_edition"
    ON "replicas" ("edition");
CREATE INDEX "idx_replicas_series"
    ON "replicas" ("series");
CREATE INDEX "idx_destructions_at"
    ON "destructions" ("at");
CREATE INDEX "idx_holders_edition"
    ON "holders" ("edition");
CREATE INDEX "idx_derived_agreement"
    ON "derived" ("agreement");
CREATE INDEX "idx_copies_agreement"
    ON "copies" ("agreement");
CREATE UNIQUE INDEX "idx_products_offer"
    ON "products" ("offer");
CREATE INDEX "idx_products_state_id"
    ON "products" ("state", "id");
CREATE INDEX "idx_assets_created"
    ON "assets" ("created");
CREATE INDEX "idx_assets_due"
    ON "assets" ("due");
CREATE INDEX "idx_asset_properties_name_value"
    ON "asset_properties" ("name", "value");
CREATE INDEX "idx_policy_definitions_created"
    ON "policy_definitions" ("created");
CREATE INDEX "idx_contract_definitions_created"
    ON "contract_definitions" ("created");
CREATE INDEX "idx_contract_definitions_access"
    ON "contract_definitions" ("access");
CREATE INDEX "idx_contract_definitions_contract"
    ON "contract_definitions" ("contract");
CREATE INDEX "idx_contract_definitions_asset"
    ON "contract_definitions" ("asset");
CREATE INDEX "idx_callbacks_due"
    ON "callbacks" ("due");
CREATE INDEX "idx_listings_state_updated_id"
    ON "listings" ("state", "updated", "id");
CREATE INDEX "idx_listings_provider_state_updated"
    ON "listings" ("provider", "state", "updated");
CREATE INDEX "idx_listings_seq"
    ON "listings" ("seq");
CREATE INDEX "idx_listings_edition"
    ON "listings" ("edition");
CREATE INDEX "idx_listings_code"
    ON "listings" ("code");
CREATE INDEX "idx_listings_skeleton_provider_id"
    ON "listings" ("skeleton", "provider", "id");
CREATE INDEX "idx_listing_versions_product_digest"
    ON "listing_versions" ("product", "digest");
CREATE INDEX "idx_services_state"
    ON "services" ("state");
CREATE INDEX "idx_services_provider"
    ON "services" ("provider");
CREATE INDEX "idx_services_seq"
    ON "services" ("seq");
CREATE INDEX "idx_harvested_product"
    ON "harvested" ("product");
CREATE INDEX "idx_harvested_source_generation"
    ON "harvested" ("source", "generation");
CREATE INDEX "idx_federated_seq"
    ON "federated" ("seq");
CREATE INDEX "idx_federated_edition"
    ON "federated" ("edition");
CREATE INDEX "idx_federated_provider_own"
    ON "federated" ("provider", "own");
CREATE INDEX "idx_federated_state_seq"
    ON "federated" ("state", "seq");
CREATE INDEX "idx_trades_entry"
    ON "trades" ("entry");
CREATE INDEX "idx_trade_channels_agreement"
    ON "trade_channels" ("agreement");
CREATE INDEX "idx_applications_state_due"
    ON "applications" ("state", "due");
CREATE INDEX "idx_leavings_state_until"
    ON "leavings" ("state", "until");
CREATE UNIQUE INDEX "idx_operators_digest"
    ON "operators" ("digest");
CREATE INDEX "idx_acts_state_until"
    ON "acts" ("state", "until");
CREATE INDEX "idx_demands_state_updated"
    ON "demands" ("state", "updated");
CREATE INDEX "idx_demands_member_state"
    ON "demands" ("member", "state");
CREATE INDEX "idx_complaints_complainant"
    ON "complaints" ("complainant");
CREATE INDEX "idx_complaints_respondent"
    ON "complaints" ("respondent");
CREATE INDEX "idx_cash_member_state"
    ON "cash" ("member", "state");
CREATE INDEX "idx_cash_state_created"
    ON "cash" ("state", "created");
CREATE INDEX "idx_cash_tx"
    ON "cash" ("tx");
CREATE INDEX "idx_account_links_account"
    ON "account_links" ("account");
CREATE INDEX "idx_console_sessions_account"
    ON "console_sessions" ("account");
CREATE INDEX "idx_audits_at"
    ON "audits" ("at");
COMMIT;
