"""Pure functions from landmarks, masks and profiles to numbers: NumPy, millimetres and degrees."""
