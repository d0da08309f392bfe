"""Statistics of judgment: arrays in, estimates out. numpy and scipy only."""
