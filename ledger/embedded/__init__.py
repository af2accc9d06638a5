"""A chain of our own: py-evm on one SQLite file, spoken to over JSON-RPC."""
