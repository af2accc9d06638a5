"""Data that a host keeps and sells for its provider, by a delegation that both have signed and the chain knows."""
