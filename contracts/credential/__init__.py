"""Verifiable credentials as the Decentralized Claims Protocol has them: values, profiles, status lists, messages."""
