import pytest

from msk_monai.errors import DataError
from msk_monai.metrics import MeasurementAgreement, Pair
from msk_monai.records import Findings, Measurement
from tests.results import result

METRIC = MeasurementAgreement(units={"length": "mm"})


def measured(value, **more):
    length = Measurement(name="length", value=value, unit="mm", **more)
    return result("a", findings=Findings(measurements=(length,)))


def test_a_value_is_paired_with_the_true_one():
    assert METRIC(measured(4.0), {"length": 5}) == {"length_given": True, "length": Pair(4.0, 5.0, "mm")}


@pytest.mark.parametrize(("true", "within"), [(5, True), (5.5, False)])
def test_an_interval_holds_the_truth_or_does_not(true, within):
    assert METRIC(measured(4.0, lower=3.0, upper=5.0), {"length": true})["length_in_interval"] is within


def test_what_is_not_given_or_not_known():
    assert METRIC(measured(None), {"length": 5}) == {"length_given": False}
    assert METRIC(measured(4.0), {"length": None}) == {}


def test_a_truth_that_is_missing_or_no_number():
    with pytest.raises(DataError, match="expected length in"):
        METRIC(measured(4.0), {})
    with pytest.raises(DataError, match="number or null, got 'long'"):
        METRIC(measured(4.0), {"length": "long"})
