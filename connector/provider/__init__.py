"""What the provider brings on offer: a brief, an edition, a price, a listing, and the editions after it."""
