"""Sealed editions and replicas: secrets outside the database, pieces verified before they count."""
