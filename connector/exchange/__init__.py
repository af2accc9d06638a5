"""The exchange: members, listings and their review, matching, statistics, federation with others."""
