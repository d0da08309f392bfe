"""Who should judge what, and what it costs. Opens with `tutelage plan`; nothing here yet."""
