"""Nodes that know devices and files but no learning."""
