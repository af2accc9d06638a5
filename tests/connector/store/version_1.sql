BEGIN TRANSACTION;
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
CREATE TABLE "attestations" (
   "id" TEXT PRIMARY KEY NOT NULL,
   "document" TEXT,
   "at" INTEGER
) STRICT;
CREATE TABLE "box_keys" (
   "name" TEXT NOT NULL,
   "recipient" TEXT NOT NULL,
   "wrapped" BLOB,
   PRIMARY KEY ("name", "recipient")
) STRICT;
INSERT INTO "box_keys" VALUES('6686fbb0f980427b','dd6c50a434de3a74',X'E4CAF0C01C90FE6828AC6902C9C656689BE74DF3A50FC780CB1778896289CD1054E5A626F35D069526C0840E9043AD417C08DDBD469B89EE672093305459FF110592AECD8A5A00BDBBAA7DA528DF41F8');
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
CREATE TABLE "chain_txs" (
   "id" TEXT PRIMARY KEY NOT NULL,
   "program" TEXT,
   "function" TEXT,
   "data" BLOB,
   "nonce" INTEGER,
   "hash" TEXT,
   "raw" BLOB,
   "state" TEXT,
   "block" INTEGER,
   "error" TEXT,
   "created" INTEGER
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
CREATE TABLE "checkpoints" (
   "size" INTEGER PRIMARY KEY NOT NULL,
   "root" BLOB,
   "note" TEXT,
   "cosigned" TEXT,
   "at" INTEGER
) STRICT;
INSERT INTO "checkpoints" VALUES(1,X'B7F3210A1FA4079E2B2C7230216F9AFB57E7340C04DA9FA2DDFE043A8D92F866','localhost:7001/log
1
t/MhCh+kB54rLHIwIW+a+1fnNAwE2p+i3f4EOo2S+GY=

— localhost:7001/log RR6oF98aXyg9yJy8o5rNANHZ8+KDCS7KfmhJVdBBdsgU+1zssnAQ1PeFrj3zrUndGk61For+l1N7OgJYXj6IrjYnaAM=
',NULL,1795229402067688);
INSERT INTO "checkpoints" VALUES(2,X'7C7FE031034DCFCB1DC5ABF14F478A1F7BB5CE9C41756E8FF4E6418180473CDB','localhost:7001/log
2
fH/gMQNNz8sdxavxT0eKH3u1zpxBdW6P9OZBgYBHPNs=

— localhost:7001/log RR6oF3YA1rwlBNJ5OxMu0oW6GQIRJby9WyEbHBIB3I0k/XOppAXjA3zMleaL9Fj3gUasc/fgUj+z1RNG4iSSdmEgGgk=
',NULL,1795229402072555);
INSERT INTO "checkpoints" VALUES(3,X'2331D810E096C13678744E41C3F07B46F469039F90C8CFE04600133AE92B1BAD','localhost:7001/log
3
IzHYEOCWwTZ4dE5Bw/B7RvRpA5+QyM/gRgATOukrG60=

— localhost:7001/log RR6oF8o489fThETjTrpjBrtiMAHZ8kGNtc6ul4Bcdo3XjVUSjw5xQjiKqrrho7oIPZvyHVO/5+R0fPm0sn9TYOtY+Ao=
',NULL,1795229402075099);
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
CREATE TABLE "listings" (
   "id" TEXT PRIMARY KEY NOT NULL,
   "provider" TEXT,
   "title" TEXT,
   "tier" TEXT,
   "dataset" TEXT,
   "offer" TEXT,
   "edition" TEXT,
   "header" TEXT,
   "words" TEXT,
   "state" TEXT,
   "seed" BLOB,
   "review" TEXT,
   "reason" TEXT,
   "created" INTEGER,
   "updated" INTEGER
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
INSERT INTO "log_entries" VALUES(0,'time.mark','localhost:7001/log',X'7B22626C6F636B223A6E756C6C2C226C696E6B223A5B5D2C2270617274223A226C6F63616C686F73743A373030312F6C6F67222C227061727479223A226469643A7765623A6C6F63616C686F737425334137303031222C227364223A5B2263626561343265393937356138646165613339353863353731353163306237393334633939623339386535666465313663373962333038383663616665376466225D2C2274696D65223A22323032362D31312D32315430323A35303A30322E3036373638385A222C2274797065223A2274696D652E6D61726B222C2276223A317D',X'B7F3210A1FA4079E2B2C7230216F9AFB57E7340C04DA9FA2DDFE043A8D92F866',1795229402067688,X'00000000000000000000000187C54DDC7274719470807DB55A1951486A52145C289938E3097A91952FA857193ECBAEE57AF820F43D409CC6C2BC41E62B8E8CE4D0F7862438ACCC1B5672DF9443','6686fbb0f980427b');
INSERT INTO "log_entries" VALUES(1,'time.mark','localhost:7001/log',X'7B22626C6F636B223A6E756C6C2C226C696E6B223A5B5D2C2270617274223A226C6F63616C686F73743A373030312F6C6F67222C227061727479223A226469643A7765623A6C6F63616C686F737425334137303031222C227364223A5B2263326634353231383361336532643933646464376134326433343166346365326136386133646132343336333463656562306433623461656631653862376638225D2C2274696D65223A22323032362D31312D32315430323A35303A30322E3037323535355A222C2274797065223A2274696D652E6D61726B222C2276223A317D',X'0C91BD2D1DF8A9F862A75F7D0B3FEB20F2931874EFA9C578AFE4663E8BB3E093',1795229402072555,X'00000000000000000000000288721F846FCFE5F9A487A13B65D58C58095D91B19473D880EB135205845B154A0D9E4E9B21A95E1F08C5DC232D9428A1232382A7563EBA79E2FEE94D2764D14FAF','6686fbb0f980427b');
INSERT INTO "log_entries" VALUES(2,'time.mark','localhost:7001/log',X'7B22626C6F636B223A6E756C6C2C226C696E6B223A5B5D2C2270617274223A226C6F63616C686F73743A373030312F6C6F67222C227061727479223A226469643A7765623A6C6F63616C686F737425334137303031222C227364223A5B2239643363303531383038616466626434393564363966613033383030663335653937363064643235303632643335386233363334346462663233343639306136225D2C2274696D65223A22323032362D31312D32315430323A35303A30322E3037353039395A222C2274797065223A2274696D652E6D61726B222C2276223A317D',X'BE7BB63AD36549BB9A2B2EBCDA01318617C155260D68C7B069208F38B881F8D2',1795229402075099,X'00000000000000000000000323574EF553CB305CD8342DCDC7B71AA44CF21E3963154625580E4A5D776F2D7AB68F2CB9066281008D28E29817F08540857D80DF19D4E10F41CA7CC906EEF22BFE','6686fbb0f980427b');
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
CREATE TABLE "products" (
   "id" TEXT PRIMARY KEY NOT NULL,
   "title" TEXT,
   "tier" TEXT,
   "edition" TEXT,
   "brief" TEXT,
   "renewal" TEXT,
   "dataset" TEXT,
   "policy" TEXT,
   "terms" TEXT,
   "limits" TEXT,
   "offer" TEXT,
   "state" TEXT,
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
CREATE TABLE "served" (
   "edition" TEXT PRIMARY KEY NOT NULL,
   "at" INTEGER
) STRICT;
CREATE TABLE store_version (version INTEGER NOT NULL) STRICT;
INSERT INTO "store_version" VALUES(1);
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
CREATE UNIQUE INDEX "idx_chain_txs_nonce"
    ON "chain_txs" ("nonce");
CREATE INDEX "idx_chain_txs_state"
    ON "chain_txs" ("state");
CREATE INDEX "idx_channels_agreement"
    ON "channels" ("agreement");
CREATE INDEX "idx_windows_state"
    ON "windows" ("state");
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
CREATE INDEX "idx_holders_edition"
    ON "holders" ("edition");
CREATE INDEX "idx_copies_agreement"
    ON "copies" ("agreement");
CREATE UNIQUE INDEX "idx_products_offer"
    ON "products" ("offer");
CREATE INDEX "idx_products_state_id"
    ON "products" ("state", "id");
CREATE INDEX "idx_listings_state"
    ON "listings" ("state");
CREATE INDEX "idx_listings_provider"
    ON "listings" ("provider");
COMMIT;
