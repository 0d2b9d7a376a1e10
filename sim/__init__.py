"""The MuJoCo twin: drivers for arms and cameras that nothing above them can tell from real ones."""
