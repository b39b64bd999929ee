"""Searching the settings of a bundle's training: what may vary, trials that share one study, and what came of them.

Importing this package is cheap; Optuna (the extra ``tune``) is loaded when a study is opened.
"""

from msk_monai.tuning.space import Choice, Objective, Pruning, Range, SearchSpace, read_space
from msk_monai.tuning.training import Training

__all__ = ["Choice", "Objective", "Pruning", "Range", "SearchSpace", "Training", "read_space"]
