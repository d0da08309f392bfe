"""Deduplicate, filter, decontaminate, mix. Nothing here yet."""
