"""Who we are and who calls: keys by purpose, did:web documents, single-use tokens, peers."""
