"""Evidence about how a judgment came to be. Opens with the People work; nothing here yet."""
