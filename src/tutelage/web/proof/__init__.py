"""Receipts, the log, signatures, certificates and releases."""
