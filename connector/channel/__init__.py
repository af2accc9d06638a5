"""The window protocol: orders, key offers, locked vouchers, releases and receipts, for both sides (spec 3 to 5)."""
