"""Second looks: review, redo, adjudication, feedback."""
