"""Plain copies for connectors that know nothing of sealing, metered by the provider (spec 5, "Foreign")."""
