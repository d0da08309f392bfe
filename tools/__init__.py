"""Our own lints and build helpers."""
