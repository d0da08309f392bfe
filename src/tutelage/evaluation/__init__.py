"""Head-to-head, suites, reward-model reports."""
