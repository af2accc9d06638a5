"""Who audits: what is read and kept of everybody's logs, and what an audit found."""
