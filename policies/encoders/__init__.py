"""Frozen vision trunks: a frame is encoded once, when it is captured."""
