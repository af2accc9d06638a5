"""What becomes of our keys: which there are, how each is replaced, and what follows."""
