"""Pages of projects: home, making, guideline, people, offer. A module for each."""
