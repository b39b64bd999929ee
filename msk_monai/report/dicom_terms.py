"""The concept names that reports use beside those of measurements: of the standard where it has them, else private."""

from msk_monai.anatomy.concepts import Concept, private

COMMENT = Concept("121106", "DCM", "Comment")
"""A flag or a reason, in words."""
UPPER_RANGE = Concept("371886008", "SCT", "+, range of upper measurement uncertainty")
LOWER_RANGE = Concept("371885007", "SCT", "-, range of lower measurement uncertainty")
"""From the value to the bounds of its interval (PS3.16 TID 310, CID 225)."""
VALUE_UNKNOWN = Concept("114010", "DCM", "Value unknown")
"""In the place of a number that was withheld (PS3.16 CID 42)."""

CONFIDENCE_LEVEL = private("confidence_level", "Confidence level of the interval")
METHOD = private("method", "Method in words")
WITHHELD_UNIT = private("unit", "Unit of the value that is withheld")
STATUS = private("result_status", "Status of the result")
LANDMARK_CONFIDENCE = private("confidence", "Confidence in a landmark")
SLICE_INDEX = private("slice_index", "Number of the slice, towards head or left, from 0")

STATUSES = {
    "ok": private("ok", "Answered"),
    "flagged": private("flagged", "Answer withheld or doubtful"),
}

RESULT = "result"
SLICE = "slice"
CLASS_PREFIX = "class "
"""How the tracking identifiers of groups, and of the probabilities of classes, begin."""
OUTSIDE = "lies outside of the image"
NO_IMAGE = "has no place that can be referred to"
"""How remarks about landmarks without coordinates end."""
