"""Sources that grow while they are sold: a file that is appended, a slot of a database, a stream of messages."""
