"""The space: the document that says who is in, with which keys, and where the programs are."""
