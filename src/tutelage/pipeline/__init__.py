"""The stages joined: `tutelage run`."""
