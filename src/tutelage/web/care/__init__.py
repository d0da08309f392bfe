"""What protects people from what they look at."""
