"""How the platform keeps its rows: the SQLite rule, migrating, backup and check."""
