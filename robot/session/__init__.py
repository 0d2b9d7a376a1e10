"""One training session: stages, live progress, metrics and the report."""
