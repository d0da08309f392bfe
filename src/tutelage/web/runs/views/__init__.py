"""Pages of the owner's loop."""
