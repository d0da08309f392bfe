"""Django's SQLite backend under the SQLite rule: see `base`."""
