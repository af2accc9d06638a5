"""Assets as clients of the Management API write them: with policies and contract definitions they become products."""
