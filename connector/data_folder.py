"""What lies where in a participant's data directory: the names alone, for those who look without starting anything."""

from __future__ import annotations

DATABASE = "penstock.db"
CHAIN_DATABASE = "chain.db"
DEPLOYMENT = "deployment.json"
KEYS = "keys"
VAULT_KEYS = "keys/vault"
SEALED = "sealed"
SEARCH = "search"
