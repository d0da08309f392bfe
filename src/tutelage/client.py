"""The Python SDK for a running platform. Opens with the Hall; nothing here yet."""
