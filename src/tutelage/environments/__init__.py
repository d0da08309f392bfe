"""Tasks and graders."""
