"""What happened, provably: events, Merkle log, witnesses, proofs, chain access, disputes, audit."""
