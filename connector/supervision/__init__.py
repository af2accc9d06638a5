"""The supervisor's room: all members' logs and the chain kept at hand, and audits begun and remembered."""
