"""Measuring where cameras, tools and clocks are: one dated file with its residuals for each."""
