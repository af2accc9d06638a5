"""The strategy part of a digital contract (designed after TC609-6-2025-14): its codes, its value, to and from ODRL."""
