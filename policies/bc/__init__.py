"""The frozen base: a diffusion policy over action chunks, in torch."""
