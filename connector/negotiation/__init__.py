"""What the participant does next: negotiations and transfers of both roles, and the messages they cause."""
