"""The interfaces of a digital contract and of usage control (TC609-6-2025-14, -15, 按其设计), over the one engine."""
