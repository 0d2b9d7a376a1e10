"""Labelled pictures of the twin: frames of its cameras, and where each named thing is in them. PRIVILEGED."""
