import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msk_monai.records import BundleIdentity, Findings, Landmark, Measurement, Result, Seconds, SliceLocation, Source, Status

words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
numbers = st.floats(-1e6, 1e6).map(lambda value: round(value, 6))
points = st.tuples(numbers, numbers, numbers)
measurements = st.builds(
    Measurement,
    name=words,
    value=st.none() | numbers,
    unit=words,
    lower=st.none() | numbers,
    upper=st.none() | numbers,
    confidence_level=st.none() | st.floats(0, 1).map(lambda value: round(value, 6)),
    flags=st.lists(words, max_size=2).map(tuple),
    method=st.none() | words,
)
landmarks = st.builds(Landmark, name=words, x=numbers, y=numbers, world_mm=st.none() | points, confidence=st.none() | numbers)
findings = st.builds(
    Findings,
    status=st.sampled_from(Status),
    reason=st.none() | words,
    measurements=st.lists(measurements, max_size=2).map(tuple),
    landmarks=st.lists(landmarks, max_size=2).map(tuple),
    slice=st.none() | st.builds(SliceLocation, index=st.integers(0, 999), position_mm=points, sop_instance_uid=st.none() | words),
    classes=st.dictionaries(words, numbers, max_size=2),
)
results = st.builds(
    Result,
    case=words,
    source=st.builds(
        Source, path=words, study_instance_uid=st.none() | words, series_instance_uid=st.none() | words, modality=st.none() | words
    ),
    bundle=st.builds(BundleIdentity, name=words, version=words, weights_sha256=st.none() | words),
    findings=findings,
    outputs=st.dictionaries(words, words, max_size=2),
    seconds=st.builds(Seconds, read=st.none() | st.integers(0, 10**6).map(lambda ticks: ticks / 10**4)),
)


@given(results)
def test_a_result_survives_its_line(result):
    line = result.to_json()
    assert "\n" not in line
    assert Result.from_json(line) == result


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_is_not_finite_becomes_null(value):
    measurement = Measurement(name="angle", value=value, unit="deg")
    result = Result(
        case="a",
        source=Source(path="a"),
        bundle=BundleIdentity(name="b", version="1"),
        findings=Findings(measurements=(measurement,)),
    )
    assert json.loads(result.to_json())["measurements"] == [{"name": "angle", "unit": "deg"}]
    assert Result.from_json(result.to_json()).findings.measurements[0].value is None


@pytest.mark.parametrize("line", ["", "[]", "null", "{}", '{"schema": "other/1"}', '{"schema": "msk_monai.result/1", "case": "a"}'])
def test_a_line_that_is_no_result_is_refused(line):
    with pytest.raises(ValueError, match=r"schema|Expecting value"):
        Result.from_json(line)
