"""What is asked of people, under which terms."""
