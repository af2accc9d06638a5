"""The exchange's room: the space and its members, listings and their review, attestations."""
