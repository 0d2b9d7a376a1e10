"""The success classifier: a small head on the frozen trunk's feature maps, calibrated and gated."""
