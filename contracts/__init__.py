"""Who agreed to what: canonical form, terms, typed data, signatures, vouchers, life cycle. Values in, values out."""
