import pytest
import torch

from msk_monai.transforms import MeasurementsFoundd


def test_numbers_become_measurements_in_their_order():
    found = MeasurementsFoundd(units={"length": "mm", "angle": "deg"}, mean=100.0, sd=10.0)({"pred": torch.tensor([0.5, -2.0])})
    assert [(m.name, m.value, m.unit, m.lower) for m in found["findings"].measurements] == [
        ("length", 105.0, "mm", None),
        ("angle", 80.0, "deg", None),
    ]


def test_an_interval_lies_about_the_value():
    measure = MeasurementsFoundd(units={"length": "mm"}, half_width=2.0, confidence_level=0.9)
    [found] = measure({"pred": torch.tensor([7.0])})["findings"].measurements
    assert (found.lower, found.upper, found.confidence_level) == (5.0, 9.0, 0.9)


def test_what_does_not_go_together_is_refused():
    with pytest.raises(ValueError, match="must go together"):
        MeasurementsFoundd(units={"length": "mm"}, half_width=2.0)
    with pytest.raises(ValueError, match="expected 1 numbers, got 2"):
        MeasurementsFoundd(units={"length": "mm"})({"pred": torch.zeros(2)})
