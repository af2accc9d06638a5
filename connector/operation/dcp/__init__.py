"""The Decentralized Claims Protocol 1.0.1: what we show of ourselves, and what others must show us."""
