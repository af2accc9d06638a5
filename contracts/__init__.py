"""Who agreed to what: canonical form, terms, typed data, signatures, vouchers, life cycle. Values in, values out."""

import os

# Keccak-256 by a C extension: a seventh of the time of eth-hash's first choice, and no parser of C at each start
os.environ.setdefault("ETH_HASH_BACKEND", "pysha3")
