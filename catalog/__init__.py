"""What is on offer: datasets and their profiles, codes, listing life cycle, search words, bargaining."""
