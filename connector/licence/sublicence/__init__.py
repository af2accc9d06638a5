"""Licences passed on: granted by a holder, presented to the key holder, taken back (spec 5, "Onward")."""
