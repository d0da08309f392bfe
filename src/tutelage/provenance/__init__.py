"""Whose judgment it was: lineage now; receipts, log and releases next."""
