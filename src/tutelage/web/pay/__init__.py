"""The ledger: every required minute is a line of pay."""
