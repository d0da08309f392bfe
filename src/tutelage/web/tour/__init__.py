"""The sceptic's ten minutes: a guided walk over real votes from one's own judgments to a gate, on the demo's hall."""
