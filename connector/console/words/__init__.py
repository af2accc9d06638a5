"""What the console says, in English and Chinese: one row for each sentence, both languages side by side."""
