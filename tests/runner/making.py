"""A runner put together by hand from the toy bundle's steps, and cases for it."""

import torch

from msk_monai.records import Source
from msk_monai.runner import Case, Runner
from tests.results import TOY
from tests.toy import Answer, Draw, Read, write_picture


def make_runner(**changes):
    steps = {
        "identity": TOY,
        "preprocessing": Read(),
        "network": torch.nn.Identity(),
        "inferer": lambda batch, network: network(batch),
        "postprocessing": Answer(),
        "writers": [Draw()],
    }
    return Runner(**{**steps, **changes})


def make_cases(folder, greys):
    """One picture per grey value, named a0, a1, ..."""
    return [
        Case(name=f"a{i}", source=Source(path=f"a{i}.png"), files=(str(write_picture(folder / f"a{i}.png", grey)),))
        for i, grey in enumerate(greys)
    ]
