"""What survives: every table, declared as the class of its rows."""
