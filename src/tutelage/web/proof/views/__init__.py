"""Pages of proof, by whom they are for."""
