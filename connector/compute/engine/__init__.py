"""Engines of a provider that answer through our gate: attached by one file each, and run in a process of their own."""
