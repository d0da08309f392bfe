"""Importers and exporters: what people already have, what they need next."""
