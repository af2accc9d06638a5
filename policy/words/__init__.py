"""Policies and decisions in people's languages: one table a language, one speaker for all of them."""
