"""The Dataspace Protocol 2025-1 as values: its states, messages, schemas, offers and errors; no input or output."""
