"""Clients of EDC's Management API, as they come from their registries, drive two participants of ours."""
