"""The console's room: pages for people in a browser, the accounts that may see them, and the words in two languages."""
