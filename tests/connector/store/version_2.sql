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
CREATE TABLE "carried" (
   "agreement" TEXT PRIMARY KEY NOT NULL,
   "bytes" INTEGER
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
   "frozen_for" INTEGER,
   "open_tx" TEXT,
   "close_tx" TEXT,
   "created" INTEGER
) STRICT;
INSERT INTO "channels" VALUES('c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1','payee','did:web:buyer.example','bd45792d058267e8538cb0f1db5280ee8880fa0e407b2012c50156a16cbe7935','0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1','0x5050A4F4b3f9338C3472dcC01A87C76A144b3c9c','0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1','0xc3c3c3c3c3c3c3c3c3C3C3c3C3C3C3c3C3C3c3c3','[{"payee":"0x5050A4F4b3f9338C3472dcC01A87C76A144b3c9c","bps":9000},{"payee":"0xE1E1E1e1E1E1e1e1E1E1E1e1e1e1E1E1E1E1e1e1","bps":1000}]','0x0000000000000000000000000000000000000000',X'0000000000000000000000000000000000000000000000000000000000000000','5000',1774958400000000,'open',1,'70',X'CFFB8DE417CDD2FDCDCE38F0F35A436C12543DDA70FD156D36ACF4EFDC45497D','0',NULL,NULL,NULL,1772366400000000);
INSERT INTO "channels" VALUES('d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2','payer','did:web:provider.example','bd45792d058267e8538cb0f1db5280ee8880fa0e407b2012c50156a16cbe7935','0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1','0x5050A4F4b3f9338C3472dcC01A87C76A144b3c9c','0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1','0xc3c3c3c3c3c3c3c3c3C3C3c3C3C3C3c3C3C3c3c3','[{"payee":"0x5050A4F4b3f9338C3472dcC01A87C76A144b3c9c","bps":9000},{"payee":"0xE1E1E1e1E1E1e1e1E1E1E1e1e1e1E1E1E1E1e1e1","bps":1000}]','0x0000000000000000000000000000000000000000',X'0000000000000000000000000000000000000000000000000000000000000000','5000',1774958400000000,'open',1,'0',X'C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1','0',NULL,NULL,NULL,1772366400000000);
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
CREATE TABLE "copies" (
   "id" TEXT PRIMARY KEY NOT NULL,
   "agreement" TEXT,
   "transfer" TEXT,
   "number" INTEGER,
   "purpose" TEXT,
   "edition_bytes" INTEGER,
   "bytes" INTEGER,
   "calls" INTEGER,
   "rows" TEXT,
   "pushed" INTEGER,
   "state" TEXT,
   "receipt" TEXT,
   "signature" BLOB,
   "entry" INTEGER,
   "agreed" INTEGER,
   "created" INTEGER,
   "ended" INTEGER
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
   "created" INTEGER
) STRICT;
CREATE TABLE "facts" (
   "name" TEXT PRIMARY KEY NOT NULL,
   "value" TEXT
) STRICT;
INSERT INTO "facts" VALUES('deployment','{"chainId":"415080585623905","salt":"01859c684ffbe0691b344f5c565d7d99e9de945a1f3fe4d660dcd706e55d64f3","since":"1","addresses":{"editions":"0xd6640f405E105Ab9Dd3a01f72bffdEc0A6Eb0f93","licences":"0x0E3aa4d18F07Adc59C102d9c6D3B6be004445d45","channels":"0x750D7580f84779719566f755CDC887700A7f0e13","anchors":"0x1FCD4c8061b53D82980DFaf603B3023c9A4E2AFb","token":"0x95e3D0AcDec05f70a2419021cb8d75c737AE4aEA","batch":"0x046796eaa464Df3335b0D113f777eE08a11c5BA7","spaces":"0xd431ce58D9ab19772beDb0963883E67682a57Dc0"}}');
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
   "seq" INTEGER
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
   "blind" BLOB,
   "state" TEXT,
   "reason" TEXT,
   "created" INTEGER,
   "updated" INTEGER
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
CREATE TABLE store_version (version INTEGER NOT NULL, program TEXT) STRICT;
INSERT INTO "store_version" VALUES(2,'penstock 0.1.0');
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
INSERT INTO "windows" VALUES('c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1',1,'payee','paid','[{"agreementDigest":"bd45792d058267e8538cb0f1db5280ee8880fa0e407b2012c50156a16cbe7935","transferId":"0707070707070707070707070707070707070707070707070707070707070707","editionId":"0404040404040404040404040404040404040404040404040404040404040404","use":0,"ranges":[[0,1]],"amount":"70","readerKey":"38ab664bd86f77d7e66bdd9ae0792913a94fd8b33a1260027e4b46c1f4884c67"}]','[{"purpose":"research"}]',X'C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1',X'CFFB8DE417CDD2FDCDCE38F0F35A436C12543DDA70FD156D36ACF4EFDC45497D','70','70',1772452800,X'FC1C96BE97971F0329B11F7E22310752C0A5DDE35145C6134F1647923F9475C1',X'0F5ABC6CB10C8EE16F43253A927621B58FBA6885910147E7AAFC035BB3EF747A',NULL,'{"channelId":"c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1","seq":"1","accountHash":"cffb8de417cdd2fdcdce38f0f35a436c12543dda70fd156d36acf4efdc45497d","cumulativeAmount":"70","lock":"fc1c96be97971f0329b11f7e22310752c0a5dde35145c6134f1647923f9475c1","maskedHash":"1e7aa7299f07d3ef37847aaf514e2ba3fe4ff350f41882dc152b8f205a47acbf","decisionDigest":"84e7ed55e6878c6dd94f5dc2a5fcfaaaa1a71cff596099fcf7c11431a7c73422","validUntil":"1772452800"}',X'6C0A3ABE32CB4F53DD032C28D1B526BBA771ADAE91B74CE54D24F98044017FFD6474875A955BD5761E8FBA36B2394D231859EC97C0AF3C1B788098F0615C03321C','{"38ab664bd86f77d7e66bdd9ae0792913a94fd8b33a1260027e4b46c1f4884c67":"UuEYMwsJbYJej3T2O1FRHHZCLgEBpVu5wIWEmiwE8xxfmdOuWsINRKLnyIrsf7mcjYbAbaqMdCUTdRwM7FAmO5kJkEdtwCAk3Unqb6ArDAA="}','{"channelId":"c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1","seq":"1","cumulativeAmount":"70","accountHash":"cffb8de417cdd2fdcdce38f0f35a436c12543dda70fd156d36acf4efdc45497d","lock":"fc1c96be97971f0329b11f7e22310752c0a5dde35145c6134f1647923f9475c1","validUntil":"1772452800"}',X'04D22A8337BC96DAD534F815FD108C1E900E073109F9B6792DF39EE80D2D324944E5E709ED05C1C72E555F4DB46C76450A233A1D706F37811173D104445F66381C','{"channelId":"c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1","seq":"1","voucherDigest":"80ff44c6c7f92b9d419bee8a731eea1be1ec21c6baa8cf342e69f6c27b150057","offerDigest":"6bd43bca4b982376ce195f1b665da1679d52527b7e3ae9856835ae2d76d0b1f7","decisionDigest":"574e477d8c30bf949bc617aade27949e24403c3f5c16bb0b585b911a33f89a7c","logLeaf":"1ff463cfd5dd0460e2f84b7469d22f7fb421876e90e6da727e130ccb9606a6ad","releasedAt":"1772366400"}',X'839A8692AB347CD641407BDE3ACAB3A6383CA2998EEE64B06FD7C50D52C1EC4364E10F0AD19486BCC4759A28C104D6DEA8E30AC0BC78C08346317C86FFAE4B491B',NULL,NULL,'[]','',1772366400000000);
INSERT INTO "windows" VALUES('d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2',1,'payer','signed','[{"agreementDigest":"bd45792d058267e8538cb0f1db5280ee8880fa0e407b2012c50156a16cbe7935","transferId":"0707070707070707070707070707070707070707070707070707070707070707","editionId":"0404040404040404040404040404040404040404040404040404040404040404","use":0,"ranges":[[0,1]],"amount":"70","readerKey":"38ab664bd86f77d7e66bdd9ae0792913a94fd8b33a1260027e4b46c1f4884c67"}]','[{"purpose":"research"}]',X'C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1',X'CFFB8DE417CDD2FDCDCE38F0F35A436C12543DDA70FD156D36ACF4EFDC45497D','70','70',1772452800,X'FC1C96BE97971F0329B11F7E22310752C0A5DDE35145C6134F1647923F9475C1',NULL,X'3D92E273AA04600042631BA883539CA5D4991E1BCF7D3D29E5B50BC9BB76039A','{"channelId":"c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1","seq":"1","accountHash":"cffb8de417cdd2fdcdce38f0f35a436c12543dda70fd156d36acf4efdc45497d","cumulativeAmount":"70","lock":"fc1c96be97971f0329b11f7e22310752c0a5dde35145c6134f1647923f9475c1","maskedHash":"1e7aa7299f07d3ef37847aaf514e2ba3fe4ff350f41882dc152b8f205a47acbf","decisionDigest":"84e7ed55e6878c6dd94f5dc2a5fcfaaaa1a71cff596099fcf7c11431a7c73422","validUntil":"1772452800"}',X'6C0A3ABE32CB4F53DD032C28D1B526BBA771ADAE91B74CE54D24F98044017FFD6474875A955BD5761E8FBA36B2394D231859EC97C0AF3C1B788098F0615C03321C','{}','{"channelId":"c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1","seq":"1","cumulativeAmount":"70","accountHash":"cffb8de417cdd2fdcdce38f0f35a436c12543dda70fd156d36acf4efdc45497d","lock":"fc1c96be97971f0329b11f7e22310752c0a5dde35145c6134f1647923f9475c1","validUntil":"1772452800"}',X'04D22A8337BC96DAD534F815FD108C1E900E073109F9B6792DF39EE80D2D324944E5E709ED05C1C72E555F4DB46C76450A233A1D706F37811173D104445F66381C',NULL,NULL,NULL,NULL,'[]','',1772366400000000);
CREATE TABLE "witnessed" (
   "origin" TEXT PRIMARY KEY NOT NULL,
   "size" INTEGER,
   "root" BLOB,
   "note" TEXT,
   "at" INTEGER
) STRICT;
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
CREATE INDEX "idx_agreements_not_after"
    ON "agreements" ("not_after");
CREATE INDEX "idx_agreements_parent"
    ON "agreements" ("parent");
CREATE INDEX "idx_agreements_product_role_not_after"
    ON "agreements" ("product", "role", "not_after");
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
CREATE INDEX "idx_acquisitions_state"
    ON "acquisitions" ("state");
CREATE INDEX "idx_chain_txs_state"
    ON "chain_txs" ("state");
CREATE INDEX "idx_chain_sends_nonce"
    ON "chain_sends" ("nonce");
CREATE INDEX "idx_channels_agreement"
    ON "channels" ("agreement");
CREATE INDEX "idx_windows_state_channel_seq"
    ON "windows" ("state", "channel", "seq");
CREATE INDEX "idx_windows_lock"
    ON "windows" ("lock");
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
CREATE INDEX "idx_demands_state_updated"
    ON "demands" ("state", "updated");
CREATE INDEX "idx_demands_member_state"
    ON "demands" ("member", "state");
CREATE INDEX "idx_applications_state_due"
    ON "applications" ("state", "due");
CREATE INDEX "idx_listing_versions_product_digest"
    ON "listing_versions" ("product", "digest");
CREATE INDEX "idx_leavings_state_until"
    ON "leavings" ("state", "until");
CREATE UNIQUE INDEX "idx_operators_digest"
    ON "operators" ("digest");
CREATE INDEX "idx_acts_state_until"
    ON "acts" ("state", "until");
CREATE INDEX "idx_disputes_filer_state"
    ON "disputes" ("filer", "state");
CREATE INDEX "idx_trades_entry"
    ON "trades" ("entry");
CREATE INDEX "idx_pursuits_state"
    ON "pursuits" ("state");
CREATE INDEX "idx_complaints_complainant"
    ON "complaints" ("complainant");
CREATE INDEX "idx_complaints_respondent"
    ON "complaints" ("respondent");
CREATE INDEX "idx_audits_at"
    ON "audits" ("at");
CREATE INDEX "idx_account_links_account"
    ON "account_links" ("account");
CREATE INDEX "idx_console_sessions_account"
    ON "console_sessions" ("account");
COMMIT;
