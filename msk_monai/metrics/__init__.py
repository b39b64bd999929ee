"""Figures of merit, computed per case from what was recorded and what is true."""

from msk_monai.metrics.cobb_error import CobbError
from msk_monai.metrics.disc_heights import DiscHeights
from msk_monai.metrics.disc_herniation import DiscHerniation
from msk_monai.metrics.figure import Figure
from msk_monai.metrics.grades import Grades
from msk_monai.metrics.identification_rate import IdentificationRate
from msk_monai.metrics.knee_grades import KneeGrades
from msk_monai.metrics.knee_lines import KneeLines
from msk_monai.metrics.knee_places import KneePlaces
from msk_monai.metrics.landmark_error import LandmarkError
from msk_monai.metrics.mask_overlap import MaskOverlap
from msk_monai.metrics.measurement_agreement import MeasurementAgreement
from msk_monai.metrics.pair import Pair, Pairs
from msk_monai.metrics.pooled import Graded, Share, Values
from msk_monai.metrics.scored import Scores
from msk_monai.metrics.segment_error import SegmentError
from msk_monai.metrics.slice_error import SliceError

__all__ = [
    "CobbError",
    "DiscHeights",
    "DiscHerniation",
    "Figure",
    "Graded",
    "Grades",
    "IdentificationRate",
    "KneeGrades",
    "KneeLines",
    "KneePlaces",
    "LandmarkError",
    "MaskOverlap",
    "MeasurementAgreement",
    "Pair",
    "Pairs",
    "Scores",
    "SegmentError",
    "Share",
    "SliceError",
    "Values",
]
