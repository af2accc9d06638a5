"""The interfaces of a digital contract and of usage control (designed after TC609-6-2025-14 and -15), as tables."""
