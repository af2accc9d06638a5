"""The consumer's side of data flows: what comes here for a control plane, kept as files (decision 0177)."""
