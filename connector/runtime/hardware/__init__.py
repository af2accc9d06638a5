"""Modules that keep keys and do not hand them out, by their PKCS#11 interface: where one is, and how it is asked."""
