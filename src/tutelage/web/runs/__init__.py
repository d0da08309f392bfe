"""The owner's loop: imports, exports, runs, gates."""
