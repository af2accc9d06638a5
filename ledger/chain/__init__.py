"""The chain: the way to a node, the programs, what can be done with them, and what its state proves."""

from ledger.chain import key_files

key_files.defer()  # before anything in here imports web3
