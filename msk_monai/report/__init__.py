"""What a run leaves behind: its record, the tables made from it and a page to look at."""

from msk_monai.report.bone_scan_overlay import BoneScanOverlay
from msk_monai.report.csv_file import write_csv
from msk_monai.report.files import replacing
from msk_monai.report.herniation_files import HerniationOverlay, SliceTable
from msk_monai.report.html import write_html
from msk_monai.report.jsonl import ResultsFile, read_results
from msk_monai.report.landmark_overlay import LandmarkOverlay
from msk_monai.report.latest import current
from msk_monai.report.level_overlay import LevelOverlay
from msk_monai.report.segmentation_files import MaskOverlay, SegmentationFiles
from msk_monai.report.spine_overlay import SpineOverlay
from msk_monai.report.table import write_measurements

__all__ = [
    "BoneScanOverlay",
    "HerniationOverlay",
    "LandmarkOverlay",
    "LevelOverlay",
    "MaskOverlay",
    "ResultsFile",
    "SegmentationFiles",
    "SliceTable",
    "SpineOverlay",
    "current",
    "read_results",
    "replacing",
    "write_csv",
    "write_html",
    "write_measurements",
]
