"""The processes of one participant on one database: who works, who takes over, what no two do at once."""
