"""What can be asked of people: one module per kind."""
