"""What survives: tables declared once, group commit, the log in the transaction of the act it proves."""
