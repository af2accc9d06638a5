"""A stranger with nothing but web3, an address and an ABI reads a licence, its log, and proves it to itself.

    python stock_web3.py RPC ARTIFACT.json ADDRESS DIGEST
    {"provider": "0x…", "buyer": "0x…", "priceCap": 1, "block": 7, "proven": "0x…"}

Nothing of the project is imported. `proven` comes out of the state trie alone: header → hash, state root → account,
storage root → slot.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import rlp
from eth_hash.auto import keccak
from trie import HexaryTrie
from web3 import HTTPProvider, Web3

HASHES = ("parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot", "logsBloom")
NUMBERS = ("difficulty", "number", "gasLimit", "gasUsed", "timestamp")


def block_hash(block) -> bytes:
    """Rebuild a block's hash from its fields, so that the state root is bound to it."""
    fields = [bytes.fromhex(block[name][2:]) if name == "miner" else bytes(block[name]) for name in HASHES]
    fields += [block[name] for name in NUMBERS]
    fields += [bytes(block[name]) for name in ("extraData", "mixHash", "nonce")]
    return keccak(rlp.encode([*fields, block["baseFeePerGas"]]))


def proven(web3, block, address: str, slot: int) -> bytes:
    """Return what the state has in `slot` of the program, from Merkle proofs under the block's state root."""
    proof = web3.eth.get_proof(address, [f"0x{slot:064x}"], block["number"])
    path = [rlp.decode(bytes(node)) for node in proof["accountProof"]]
    account = rlp.decode(HexaryTrie.get_from_proof(bytes(block["stateRoot"]), keccak(bytes.fromhex(address[2:])), path))
    steps = [rlp.decode(bytes(node)) for node in proof["storageProof"][0]["proof"]]
    return rlp.decode(HexaryTrie.get_from_proof(account[2], keccak(slot.to_bytes(32, "big")), steps))


def main(url: str, artifact: Path, address: str, digest: bytes) -> dict[str, object]:
    document = json.loads(artifact.read_text())
    web3 = Web3(HTTPProvider(url))
    program = web3.eth.contract(address=address, abi=document["abi"])
    licence = program.functions.licence(digest).call()
    [event] = program.events.LicenceGranted().get_logs(from_block=0, argument_filters={"agreementDigest": digest})
    block = web3.eth.get_block("latest")
    assert block_hash(block) == bytes(block["hash"])
    slot = int.from_bytes(keccak(document["slots"]["_licences"].to_bytes(32, "big") + digest), "big")
    return {
        "provider": licence[0],
        "buyer": event["args"]["buyer"],
        "priceCap": event["args"]["priceCap"],
        "block": event["blockNumber"],
        "proven": Web3.to_checksum_address(proven(web3, block, address, slot)),
    }


if __name__ == "__main__":
    told = main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], bytes.fromhex(sys.argv[4]))
    sys.stdout.write(json.dumps(told) + "\n")
