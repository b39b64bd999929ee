"""Views and sides of a whole-body scan, in the order in which everything keeps them."""

VIEWS = ("anterior", "posterior")
SIDES = ("right", "left")
