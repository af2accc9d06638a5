"""Statements over data that leave as an answer alone: what may be asked, by whom it is answered, what passes."""
