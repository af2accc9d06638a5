"""What a negotiation over the interfaces of a digital contract has that others have not: its address, its strategy."""
