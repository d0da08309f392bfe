"""A model you can ask: local weights, an endpoint, a reward network."""
