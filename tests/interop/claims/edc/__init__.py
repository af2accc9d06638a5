"""A stock Eclipse Dataspace Connector whose identity hub is a participant of ours: credentials instead of tokens."""
