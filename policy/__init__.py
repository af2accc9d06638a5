"""What may be done with data: ODRL policies read, compiled, decided and put into words; values in, values out."""
