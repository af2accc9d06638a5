// The journeys of `@think-it-labs/edc-connector-client`: a provider and a buyer of ours, driven by that client alone.
// SPACE (JSON) says where they answer; each journey prints one line.

import assert from "node:assert/strict";
import { EdcConnectorClient } from "@think-it-labs/edc-connector-client";

const space = JSON.parse(process.env.SPACE);
const NS = "https://w3id.org/edc/v0.0.1/ns/";
const STATE = "https://w3id.org/penstock/ns/state";
const PULL = "HttpData-PULL";
const clientOf = (one) =>
  new EdcConnectorClient.Builder()
    .apiToken(one.key)
    .managementUrl(`${one.url}/management`)
    .defaultUrl(one.url)
    .build();
const provider = clientOf(space.provider);
const buyer = clientOf(space.buyer);
const at = `${space.provider.url}/dsp`;
const source = `${space.source}/table.csv`;

const until = async (ask, holds) => {
  for (let tries = 0; tries < 600; tries += 1) {
    const found = await ask();
    if (holds(found)) return found;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error("it never came");
};
const byId = (id) => [{ operandLeft: `${NS}id`, operator: "=", operandRight: id }];
const dataAddress = { type: "HttpData", baseUrl: source, proxyPath: "true" };
const policy = (...constraint) => ({
  "@context": "http://www.w3.org/ns/odrl.jsonld",
  "@type": "Set",
  permission: [{ action: "use", ...(constraint.length ? { constraint } : {}) }],
});
const refused = async (act, type) => {
  try {
    await act();
  } catch (fault) {
    assert.equal(fault.type, type);
    return fault.message;
  }
  throw new Error("it was not refused");
};

async function offered(id, terms = policy(), access = policy()) {
  await provider.management.assets.create({ "@id": id, properties: { name: `Asset ${id}`, kind: "table" }, dataAddress });
  await provider.management.policyDefinitions.create({ "@id": id, policy: terms });
  await provider.management.policyDefinitions.create({ "@id": `${id}-access`, policy: access });
  await provider.management.contractDefinitions.create({
    "@id": id,
    accessPolicyId: `${id}-access`,
    contractPolicyId: id,
    assetsSelector: byId(id),
  });
  const asset = () => provider.management.assets.get(id);
  const state = (one) => one.privateProperties?.[STATE]?.[0]?.["@value"];
  await until(asset, (one) => JSON.stringify(one).includes('"offered"') || state(one) === "offered");
}

async function found(id) {
  const request = { counterPartyAddress: at, counterPartyId: space.provider.did, querySpec: { filterExpression: byId(id) } };
  const catalog = await buyer.management.catalog.request(request);
  assert.equal(catalog.participantId, space.provider.did);
  return catalog.datasets.find((one) => one.id === id);
}

async function agreed(id) {
  const dataset = await found(id);
  const [offer] = dataset.offers;
  const begun = await buyer.management.contractNegotiations.initiate({
    counterPartyAddress: at,
    policy: {
      "@context": "http://www.w3.org/ns/odrl.jsonld",
      ...offer,
      "@type": "Offer",
      assigner: space.provider.did,
      target: id,
    },
  });
  const ended = await until(
    () => buyer.management.contractNegotiations.get(begun.id),
    (one) => ["FINALIZED", "TERMINATED"].includes(one.state),
  );
  assert.equal(ended.state, "FINALIZED");
  return ended;
}

async function moved(id, states) {
  return until(() => buyer.management.transferProcesses.get(id), (one) => states.includes(one.state));
}

async function started(agreement) {
  const begun = await buyer.management.transferProcesses.initiate({
    counterPartyAddress: at,
    contractId: agreement,
    transferType: PULL,
  });
  assert.equal((await moved(begun.id, ["STARTED", "TERMINATED"])).state, "STARTED");
  return begun.id;
}

async function pulled(transfer) {
  const reference = await buyer.management.edrs.dataAddress(transfer);
  const told = (name) => reference.mandatoryValue("edc", name);
  const answer = await fetch(told("endpoint"), { headers: { Authorization: told("authorization") } });
  return { status: answer.status, text: await answer.text() };
}

const journeys = {
  async "it asks whether we are well"() {
    assert.equal((await provider.observability.checkHealth()).isSystemHealthy, true);
    assert.equal((await buyer.observability.checkReadiness()).isSystemHealthy, true);
  },
  async "assets policies and definitions are written found changed and removed"() {
    await offered("kept");
    assert.equal((await provider.management.assets.queryAll({ filterExpression: byId("kept") })).length, 1);
    const kinds = { filterExpression: [{ operandLeft: `${NS}kind`, operator: "=", operandRight: "table" }] };
    assert.ok((await provider.management.assets.queryAll(kinds)).length >= 1);
    assert.equal((await provider.management.policyDefinitions.get("kept"))["@id"], "kept");
    assert.ok((await provider.management.contractDefinitions.queryAll()).some((one) => one.id === "kept"));
    await provider.management.assets.update({ "@id": "kept", properties: { name: "Changed" }, dataAddress });
    await until(() => found("kept"), (one) => JSON.stringify(one).includes("Changed"));
    await refused(() => provider.management.policyDefinitions.delete("kept"), "Duplicate");
    await provider.management.contractDefinitions.delete("kept");
    await until(() => found("kept"), (one) => one === undefined);
    await provider.management.policyDefinitions.delete("kept");
    await provider.management.assets.delete("kept");
    await refused(() => provider.management.assets.get("kept"), "NotFound");
  },
  async "an offer is negotiated and its data are pulled by their reference"() {
    await offered("pulled", policy({ leftOperand: "count", operator: "lteq", rightOperand: 1000 }));
    const ended = await agreed("pulled");
    const agreement = await buyer.management.contractNegotiations.getAgreement(ended.id);
    assert.equal(agreement.assetId, "pulled");
    const transfer = await started(ended.contractAgreementId);
    const { status, text } = await pulled(transfer);
    assert.equal(status, 200);
    assert.equal(text, await (await fetch(source)).text());
    const byAgreement = [{ operandLeft: "agreementId", operator: "=", operandRight: ended.contractAgreementId }];
    assert.equal((await buyer.management.edrs.request({ filterExpression: byAgreement })).length, 1);
    await refused(() => provider.management.assets.delete("pulled"), "Duplicate");
  },
  async "data are pushed to an address"() {
    await offered("pushed");
    const ended = await agreed("pushed");
    const begun = await buyer.management.transferProcesses.initiate({
      counterPartyAddress: at,
      contractId: ended.contractAgreementId,
      transferType: "HttpData-PUSH",
      dataDestination: { type: "HttpData", baseUrl: `${space.source}/in/npm` },
    });
    assert.equal((await moved(begun.id, ["COMPLETED", "TERMINATED"])).state, "COMPLETED");
    const taken = await (await fetch(`${space.source}/taken/npm`)).text();
    assert.equal(taken, await (await fetch(source)).text());
  },
  async "a transfer is ended and its reference with it"() {
    await offered("ended");
    const transfer = await started((await agreed("ended")).contractAgreementId);
    assert.equal((await pulled(transfer)).status, 200);
    await buyer.management.transferProcesses.terminate(transfer, "enough");
    await moved(transfer, ["TERMINATED"]);
    await refused(() => buyer.management.edrs.dataAddress(transfer), "NotFound");
    await buyer.management.transferProcesses.deprovision(transfer);
  },
  async "an access policy hides and a further definition offers"() {
    await offered("hidden", policy(), policy({ leftOperand: "recipient", operator: "eq", rightOperand: "did:web:other.example" }));
    assert.equal(await found("hidden"), undefined);
    await provider.management.contractDefinitions.create({
      "@id": "shown",
      accessPolicyId: "hidden",
      contractPolicyId: "hidden",
      assetsSelector: byId("hidden"),
    });
    await until(() => found("hidden"), (one) => one !== undefined);
    await agreed("hidden");
  },
  async "what is wrong is refused in words"() {
    const odd = policy({ leftOperand: "nobodyKnows", operator: "eq", rightOperand: "x" });
    const words = await refused(() => provider.management.policyDefinitions.create({ "@id": "odd", policy: odd }), "BadRequest");
    assert.match(words, /nobodyKnows/);
    const definition = { "@id": "odd", accessPolicyId: "nowhere", contractPolicyId: "nowhere", assetsSelector: [] };
    assert.match(await refused(() => provider.management.contractDefinitions.create(definition), "BadRequest"), /nowhere/);
    await refused(() => buyer.management.transferProcesses.get("nowhere"), "NotFound");
    const stranger = clientOf({ ...space.provider, key: "guessed" });
    assert.match(await refused(() => stranger.management.assets.queryAll(), "Unknown"), /AuthenticationFailed/);
  },
};

for (const [name, journey] of Object.entries(journeys)) {
  try {
    await journey();
    console.log(`${name} passed`);
  } catch (fault) {
    console.log(`${name} FAILED: ${String(fault.stack).replaceAll("\n", " | ").slice(0, 2000)}`);
  }
}
