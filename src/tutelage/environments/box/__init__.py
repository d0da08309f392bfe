"""What stands behind `environments.sandbox`: the program inside a box, and the filter of its system calls."""
