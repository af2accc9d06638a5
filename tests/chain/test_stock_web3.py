"""A stock web3 over HTTP, knowing nothing but the address and the ABI, reads a licence and proves it."""

from __future__ import annotations

import asyncio

import pytest
import rlp
from aiohttp import web
from eth_hash.auto import keccak
from trie import HexaryTrie
from web3 import HTTPProvider, Web3

from contracts import signature, typed_data
from contracts.onchain import artifacts
from contracts.typed_data import Agreement
from ledger.chain import acts
from ledger.chain.client import Chain

from .conftest import BUYER_KEY, HOST, KEY

HEADER = (
    ("parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot", "logsBloom"),
    ("difficulty", "number", "gasLimit", "gasUsed", "timestamp"),
    ("extraData", "mixHash", "nonce"),
    ("baseFeePerGas",),
)
# what later rules added to a header, in their order
LATER = ("withdrawalsRoot", "blobGasUsed", "excessBlobGas", "parentBeaconBlockRoot", "requestsHash")


@pytest.fixture
def url(chain_kind, request):
    """The JSON-RPC address of the chain that `programs` are on."""
    return request.getfixturevalue(f"{chain_kind}_url")


@pytest.fixture
async def anvil_url(node_of):
    return (await asyncio.to_thread(node_of, "anvil"))[0].url


@pytest.fixture
async def geth_url(node_of):
    return (await asyncio.to_thread(node_of, "geth"))[0].url


@pytest.fixture
async def embedded_url(embedded):
    """The embedded chain behind a small web server."""

    async def answer(request):
        return web.Response(body=await embedded.rpc(await request.read()), content_type="application/json")

    application = web.Application()
    application.router.add_post("/rpc", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/rpc"
    await runner.cleanup()


@pytest.fixture
async def granted(programs):
    """The digest of an agreement that has a licence."""
    agreement = Agreement(
        provider=HOST,
        buyer=signature.address(BUYER_KEY),
        product=keccak(b"product"),
        edition_id=keccak(b"edition"),
        terms_digest=keccak(b"terms"),
        token=programs.deployment.addresses["token"],
        price_cap=1000,
        not_after=2_000_000_000,
        split_hash=keccak(b"split"),
        summary="weather 2013",
    )
    digest = typed_data.digest(programs.deployment.domain("licences"), agreement)
    signatures = [signature.sign(digest, key) for key in (KEY, BUYER_KEY)]
    await programs.perform(acts.grant_licence(programs.deployment, agreement, *signatures), KEY)
    return digest


def block_hash(block):
    """Rebuild the hash from the header's fields, so that the state root is bound to it."""
    texts, numbers, more, fee = HEADER
    fields = [bytes.fromhex(block[name][2:]) if name == "miner" else bytes(block[name]) for name in texts]
    fields += [block[name] for name in numbers]
    fields += [bytes(block[name]) for name in more]
    fields += [block[name] for name in fee]
    fields += [block[name] if isinstance(block[name], int) else bytes(block[name]) for name in LATER if name in block]
    return keccak(rlp.encode(fields))


def read_as_a_stranger(url, licences, digest):
    web3 = Web3(HTTPProvider(url))
    assert web3.is_connected()
    artifact = artifacts.load("licences")
    program = web3.eth.contract(address=Web3.to_checksum_address(licences), abi=list(artifact.abi))
    licence = program.functions.licence(digest).call()
    [event] = program.events.LicenceGranted().get_logs(from_block=0, argument_filters={"agreementDigest": digest})
    block = web3.eth.get_block("latest")
    assert block_hash(block) == block["hash"]
    slot = int.from_bytes(keccak(artifact.slots["_licences"].to_bytes(32, "big") + digest), "big")
    proof = web3.eth.get_proof(Web3.to_checksum_address(licences), [f"0x{slot:064x}"], block["number"])
    path = [rlp.decode(bytes(node)) for node in proof["accountProof"]]
    account = rlp.decode(HexaryTrie.get_from_proof(bytes(block["stateRoot"]), keccak(licences), path))
    assert account[2] == bytes(proof["storageHash"])
    [entry] = proof["storageProof"]
    steps = [rlp.decode(bytes(node)) for node in entry["proof"]]
    stored = HexaryTrie.get_from_proof(account[2], keccak(slot.to_bytes(32, "big")), steps)
    return licence, event, rlp.decode(stored)


async def test_a_stock_web3_reads_a_licence_its_log_and_a_verified_proof(url, programs, granted):
    licences = programs.deployment.addresses["licences"]
    licence, event, stored = await asyncio.to_thread(read_as_a_stranger, url, licences, granted)
    assert bytes.fromhex(licence[0][2:]) == HOST == stored
    assert event["args"]["priceCap"] == 1000
    assert event["args"]["buyer"] == Web3.to_checksum_address(signature.address(BUYER_KEY))


def send_as_a_stranger(url, token):
    web3 = Web3(HTTPProvider(url))
    account = web3.eth.account.from_key(BUYER_KEY)
    artifact = artifacts.load("token")
    program = web3.eth.contract(address=Web3.to_checksum_address(token), abi=list(artifact.abi))
    # stock defaults: type 2 fees from the chain, gas estimated
    built = program.functions.approve(account.address, 5).build_transaction(
        {"from": account.address, "nonce": web3.eth.get_transaction_count(account.address)}
    )
    transaction = web3.eth.send_raw_transaction(account.sign_transaction(built).raw_transaction)
    receipt = web3.eth.wait_for_transaction_receipt(transaction, timeout=5)
    with pytest.raises(Exception, match="token: not the issuer"):
        program.functions.mint(account.address, 5).call({"from": account.address})
    return receipt["status"], web3.eth.get_transaction(transaction)["type"]


async def test_a_stock_web3_sends_a_transaction_and_reads_a_refusal(url, programs):
    token = programs.deployment.addresses["token"]
    status, kind = await asyncio.to_thread(send_as_a_stranger, url, token)
    assert (status, kind) == (1, 2)


async def test_our_own_door_works_over_http_too(url, programs, granted):
    chain = Chain.connect(url)
    assert await chain.chain_id() == programs.deployment.chain_id
    assert await chain.newest() == await programs.chain.newest()
    events = await chain.events(programs.deployment.program("licences"), None, 0)
    assert [event.fields["agreementDigest"] for event in events] == [granted]
    await chain.close()
