"""AI judges under one protocol."""
