"""Thresholds with intervals and signatures that decide whether a checkpoint may ship."""
