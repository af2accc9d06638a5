"""The console: pages and forms as tables, sessions, and the words in two languages."""
