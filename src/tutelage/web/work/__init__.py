"""The queue, the workbench and what people submit."""
