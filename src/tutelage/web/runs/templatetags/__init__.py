"""Template tags of the owner's loop."""
