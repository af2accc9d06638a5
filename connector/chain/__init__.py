"""The participant and the chain: transactions sent once, heads witnessed and anchored, what was seen last."""
