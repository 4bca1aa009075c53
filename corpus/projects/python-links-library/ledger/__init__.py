"""Sums of a ledger in PostgreSQL."""
