"""One bundle over many cases: find them, isolate their failures, record every result, go on where a run was cut off."""

from msk_monai.runner.case import Case
from msk_monai.runner.datalist import datalist_cases
from msk_monai.runner.dicom_objects import failed_objects
from msk_monai.runner.evaluation import Evaluation, Metric, evaluate
from msk_monai.runner.find import find_cases
from msk_monai.runner.inputs import Decision, Survey, survey
from msk_monai.runner.runner import Runner, Writer

__all__ = [
    "Case",
    "Decision",
    "Evaluation",
    "Metric",
    "Runner",
    "Survey",
    "Writer",
    "datalist_cases",
    "evaluate",
    "failed_objects",
    "find_cases",
    "survey",
]
