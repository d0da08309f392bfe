"""The platform (Django). Opens with the Hall; nothing here yet."""
