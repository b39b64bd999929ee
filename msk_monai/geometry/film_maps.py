"""How the maps that a network makes of a film lie on it: what networks and their losses have to agree on."""

CELL = 8
"""Pixels of the film on the network's grid to a cell of the maps."""
OFFSET_PX = 64.0
"""Ways from a cell to corners are given in this many pixels."""
