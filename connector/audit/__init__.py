"""Looking from outside, believing nothing: what the audit of a space, the check of a log and a lone document read."""
