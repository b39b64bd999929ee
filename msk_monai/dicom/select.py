"""Choose the series a task takes, and say of every other one why it was not taken."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from itertools import groupby
from typing import Any

import numpy as np
from pydicom.uid import SecondaryCaptureImageStorage

from msk_monai.dicom.body_region import REGIONS, named_regions, told_regions
from msk_monai.dicom.instance import SeriesHeader
from msk_monai.dicom.prefer import PREFERENCES, rank
from msk_monai.dicom.study import Series
from msk_monai.dicom.weighting import WEIGHTINGS
from msk_monai.dicom.whole_body import why_not_whole_body

SAME_EXTENT = 0.9
"""Two series of one scan whose ranges share this part of their union show the same anatomy."""
_PARALLEL_COSINE = 0.99
_PATTERNS = ("description", "exclude_description", "study_description", "body_part", "exclude_body_part", "kernel", "exclude_kernel")
_ORIENTATIONS = frozenset({"axial", "sagittal", "coronal", "oblique"})
_MAKER = "msk_monai"
_MADE_HERE = "it is a picture of results that msk_monai made"
FORMATS = frozenset({"dicom", "nifti", "raster", "mat"})


@dataclass(frozen=True, kw_only=True)
class SeriesRules:
    """What a task asks of a series. A rule that is not given asks nothing; one that a header cannot answer rejects nothing.

    Patterns are regular expressions, searched for anywhere, upper and lower case alike.

    Attributes:
        modality: any of these (``CT``).
        formats: any of ``dicom``, ``nifti``, ``raster``, ``mat``.
        description: pattern that SeriesDescription or, failing that, ProtocolName must match.
        exclude_description: pattern that neither may match, nor the file name of what is no DICOM.
        study_description: pattern that StudyDescription must match.
        region: any of ``knee``, ``spine``, ... (``dicom.body_region.REGIONS``), by BodyPartExamined and the descriptions. What is said to
            show other regions only is rejected.
        near_region: regions that are not rejected: a film of a spine may be said to show the chest.
        region_told: whether a region must be told, if only by the file name of what is no DICOM, and no other than it or a near one may be.
        body_part: pattern that BodyPartExamined must match.
        exclude_body_part: pattern that BodyPartExamined must not match.
        orientation: any of ``axial``, ``sagittal``, ``coronal``, ``oblique``.
        min_slices: least number of image planes.
        max_slices: greatest number of image planes.
        min_slice_thickness: mm (SliceThickness, else the slices' distance).
        max_slice_thickness: mm.
        min_extent_mm: mm from the first to the last slice.
        kernel: pattern that ConvolutionKernel must match.
        exclude_kernel: pattern that ConvolutionKernel must not match.
        image_type: values that ImageType must all have.
        exclude_image_type: values of which ImageType must have none.
        view_position: any of these (``AP``, ``PA``, ``LL``).
        laterality: any of ``R``, ``L``.
        min_echo_time: ms.
        max_echo_time: ms.
        min_repetition_time: ms.
        max_repetition_time: ms.
        weighting: any of ``T1``, ``T2``, ``PD``, ... (``dicom.weighting.WEIGHTINGS``), by the times of an MR series and its name.
        min_bits: least number of bits a stored value has; keeps 8-bit label maps away from a task on CT.
        whole_body: whether only whole-body scans are taken (``dicom.whole_body.why_not_whole_body``).
        prefer: which of several reconstructions of one scan to take, most important first: ``thin``, ``thick``, ``many``, ``few``,
            ``original``, ``soft``, ``sharp``, ``no_fat_saturation``, ``no_contrast_agent``, ``known_weighting``, ``lumbar`` (by body
            part or description: lumbar, then unknown, then another region).
        one_per_study: whether of all series of a study that satisfy the rules only the preferred one is taken, not one of each scan.
    """

    modality: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    description: str | None = None
    exclude_description: str | None = None
    study_description: str | None = None
    region: tuple[str, ...] = ()
    near_region: tuple[str, ...] = ()
    region_told: bool = False
    body_part: str | None = None
    exclude_body_part: str | None = None
    orientation: tuple[str, ...] = ()
    min_slices: int | None = None
    max_slices: int | None = None
    min_slice_thickness: float | None = None
    max_slice_thickness: float | None = None
    min_extent_mm: float | None = None
    kernel: str | None = None
    exclude_kernel: str | None = None
    image_type: tuple[str, ...] = ()
    exclude_image_type: tuple[str, ...] = ()
    view_position: tuple[str, ...] = ()
    laterality: tuple[str, ...] = ()
    min_echo_time: float | None = None
    max_echo_time: float | None = None
    min_repetition_time: float | None = None
    max_repetition_time: float | None = None
    weighting: tuple[str, ...] = ()
    min_bits: int | None = None
    whole_body: bool = False
    one_per_study: bool = False
    prefer: tuple[str, ...] = field(default=("many", "original", "soft"))

    def __post_init__(self) -> None:
        allowed = {
            "orientation": _ORIENTATIONS,
            "formats": FORMATS,
            "prefer": PREFERENCES,
            "weighting": WEIGHTINGS,
            "region": REGIONS,
            "near_region": REGIONS,
        }
        for name, known in allowed.items():
            unknown = set(getattr(self, name)) - set(known)
            if unknown:
                raise ValueError(f"{name} must be among {', '.join(sorted(known))}, got {', '.join(sorted(unknown))}")
        for name in _PATTERNS:
            try:
                re.compile(getattr(self, name) or "")
            except re.error as error:
                raise ValueError(f"{name} must be a regular expression, got {getattr(self, name)!r} ({error})") from None

    @classmethod
    def from_dict(cls, rules: Mapping[str, Any]) -> "SeriesRules":
        """Build rules from a plain mapping, such as ``series_rules`` of a bundle's metadata.json.

        A single string stands for a list of one where a list is expected.

        Raises:
            ValueError: an unknown rule, or a value that no series could match.

        >>> SeriesRules.from_dict({"modality": "CT", "orientation": ["axial"]}).modality
        ('CT',)
        """
        known = {rule.name: rule for rule in fields(cls)}
        unknown = sorted(set(rules) - set(known))
        if unknown:
            raise ValueError(f"unknown series rules {', '.join(unknown)}; known are {', '.join(sorted(known))}")
        lists = {name for name, rule in known.items() if rule.type == tuple[str, ...]}
        values: dict[str, Any] = {name: _as_tuple(value) if name in lists else value for name, value in rules.items()}
        return cls(**values)

    @property
    def take_mat(self) -> bool:
        """Whether a MATLAB file of counts could be taken. To other tasks a ``.mat`` is no image: it may hold their labels, or anything."""
        return "mat" in (self.formats or FORMATS) and (not self.modality or "NM" in {wanted.upper() for wanted in self.modality})


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Series taken, and the others with the reason why not."""

    chosen: tuple[Series, ...]
    rejected: tuple[tuple[Series, str], ...]


def select(series: Iterable[Series], rules: SeriesRules) -> Selection:
    """Apply rules to series, and of several reconstructions of one scan, or of all in a study, take one.

    Args:
        series: of one study or of many.
        rules: what the task asks for.
    """
    everything = tuple(series)
    reasons = {one.key: reason for one in everything if (reason := reason_against(one, rules)) is not None}
    survivors = [one for one in everything if one.key not in reasons]
    reasons.update(_redundant(survivors, rules))
    if rules.one_per_study:
        reasons.update(_not_preferred([one for one in survivors if one.key not in reasons], rules))
    return Selection(
        chosen=tuple(one for one in everything if one.key not in reasons),
        rejected=tuple((one, reasons[one.key]) for one in everything if one.key in reasons),
    )


def companion(series: Series, others: Iterable[Series], rules: SeriesRules) -> Series | None:
    """The preferred one of the series of a study that satisfy rules and lie in one frame of reference with another series.

    Where either states no FrameOfReferenceUID, being of one study is enough.

    Args:
        series: what a companion is looked for.
        others: the series of its study.
        rules: what the task asks of a companion.
    """
    fitting = [
        one
        for one in others
        if one.key != series.key
        and (not one.frame_of_reference or not series.frame_of_reference or one.frame_of_reference == series.frame_of_reference)
        and reason_against(one, rules) is None
    ]
    return min(fitting, key=lambda one: rank(one, rules.prefer), default=None)


def reason_against(series: Series, rules: SeriesRules) -> str | None:
    """Say in one sentence why a series does not satisfy the rules; None where it does."""
    reason = _made_here(series, rules) or _format(series.format, rules) or _modality(series, rules)
    if reason is not None:
        return reason
    for check in (_images, _content, _texts, _file_name, _region, _geometry, _timing):
        reason = check(series, rules)
        if reason is not None:
            return reason
    return why_not_whole_body(series) if rules.whole_body else None


def reason_against_listed(header: SeriesHeader, rules: SeriesRules) -> str | None:
    """Say why a DICOM series cannot satisfy the rules, knowing no image of it but only what an archive lists; None where it may.

    An attribute that the images have may be missing in the list, so that what counts only where others are silent does not count here:
    the protocol beside the description, the study's words beside the series'.
    """
    certain = replace(header, protocol=None)
    if header.manufacturer == _MAKER and header.modality == "OT":  # its other images are of other modalities
        return _MADE_HERE
    return _format("dicom", rules) or _modality(header, rules) or _texts(certain, rules) or _listed_region(header, rules)


def _made_here(series: Series, rules: SeriesRules) -> str | None:
    """What this package sent to an archive is no image to measure when it comes back; its phantoms are of other SOP classes."""
    captures = series.manufacturer == _MAKER and any(one.sop_class == SecondaryCaptureImageStorage for one in series.instances)
    return _MADE_HERE if captures else None


def _format(name: str, rules: SeriesRules) -> str | None:
    return _wanted("format", name, rules.formats) if rules.formats and name not in rules.formats else None


def _modality(header: SeriesHeader, rules: SeriesRules) -> str | None:
    if rules.modality and header.modality is not None and header.modality not in {wanted.upper() for wanted in rules.modality}:
        return _wanted("modality", header.modality, rules.modality)
    return None


def _images(series: Series, rules: SeriesRules) -> str | None:
    return f"it holds no image (modality {series.modality or 'unknown'})" if series.n_slices == 0 else None


def _content(series: Series, rules: SeriesRules) -> str | None:
    if series.image_type:
        missing = [value for value in rules.image_type if value.upper() not in series.image_type]
        if missing:
            return f"image type is {'/'.join(series.image_type)}, wanted: {' and '.join(missing)}"
        unwanted = [value for value in rules.exclude_image_type if value.upper() in series.image_type]
        if unwanted:
            return f"image type is {'/'.join(series.image_type)}, {' or '.join(unwanted)} is not wanted"
    for name, value, wanted in (
        ("view position", series.view_position, rules.view_position),
        ("laterality", series.laterality, rules.laterality),
    ):
        if wanted and value is not None and value not in {one.upper() for one in wanted}:
            return _wanted(name, value, wanted)
    return _range("number of bits", series.bits, rules.min_bits, None, "")


def _texts(header: SeriesHeader, rules: SeriesRules) -> str | None:
    description = header.description or header.protocol
    for name, text, pattern in (
        ("series description", description, rules.description),
        ("study description", header.study_description, rules.study_description),
        ("body part", header.body_part, rules.body_part),
        ("kernel", header.kernel, rules.kernel),
    ):
        if pattern and text and not re.search(pattern, text, re.IGNORECASE):
            return f"{name} is {text!r}, wanted: a match of {pattern!r}"
    for name, text, pattern in (
        ("series description", description, rules.exclude_description),
        ("body part", header.body_part, rules.exclude_body_part),
        ("kernel", header.kernel, rules.exclude_kernel),
    ):
        if pattern and text and re.search(pattern, text, re.IGNORECASE):
            return _no_match(name, text, pattern)
    return None


def _file_name(series: Series, rules: SeriesRules) -> str | None:
    """Of what is no DICOM: it stands for a description."""
    name, pattern = series.instances[0].path.name, rules.exclude_description
    if series.format != "dicom" and pattern and re.search(pattern, name, re.IGNORECASE):
        return _no_match("file name", name, pattern)
    return None


def _region(series: Series, rules: SeriesRules) -> str | None:
    if not rules.region:
        return None
    told = told_regions(series)
    if rules.region_told and not told and series.format != "dicom":
        told = dict.fromkeys(named_regions(series.name), f"file name {series.name!r}")
    wanted = any(region in rules.region for region in told)
    foreign = _foreign_region(told, rules)
    if foreign is not None and (rules.region_told or not wanted):
        return foreign
    if rules.region_told and not wanted:
        said = f"{told[next(iter(told))]} says {next(iter(told))}" if told else "nothing says which part of the body it shows"
        return f"{said}, wanted: {' or '.join(rules.region)}; a bundle that is named takes it"
    return None


def _listed_region(header: SeriesHeader, rules: SeriesRules) -> str | None:
    """Only where any word for another region is one too many can a list, which may lack words, decide."""
    if not (rules.region and rules.region_told):
        return None
    return _foreign_region(told_regions(replace(header, study_description=None)), rules)


def _foreign_region(told: Mapping[str, str], rules: SeriesRules) -> str | None:
    foreign = next((region for region in told if region not in (*rules.region, *rules.near_region)), None)
    if foreign is None:
        return None
    also = " also" if any(region in rules.region for region in told) else ""
    return f"{told[foreign]} says{also} {foreign}, wanted: {' or '.join(rules.region)}"


def _geometry(series: Series, rules: SeriesRules) -> str | None:
    names = series.orientations
    if rules.orientation and len(names) > 1:
        return _wanted("orientation", f"mixed ({', '.join(names)})", rules.orientation)
    if rules.orientation and names and names[0] not in rules.orientation:
        return _wanted("orientation", names[0], rules.orientation)
    thickness = series.slice_thickness or series.spacing_between_slices
    return (
        _range("number of slices", series.n_slices, rules.min_slices, rules.max_slices, "")
        or _range("slice thickness", thickness, rules.min_slice_thickness, rules.max_slice_thickness, " mm")
        or _range("extent", series.extent_mm, rules.min_extent_mm, None, " mm")
    )


def _timing(series: Series, rules: SeriesRules) -> str | None:
    found = series.weighting_and_source if rules.weighting else None
    if found is not None and found.name not in rules.weighting:
        return _wanted("weighting", str(found), rules.weighting)
    return _range("echo time", series.echo_time, rules.min_echo_time, rules.max_echo_time, " ms") or _range(
        "repetition time", series.repetition_time, rules.min_repetition_time, rules.max_repetition_time, " ms"
    )


def _range(name: str, value: float | None, least: float | None, most: float | None, unit: str) -> str | None:
    if value is None:
        return None
    if least is not None and value < least:
        return f"{name} is {value:g}{unit}, wanted: at least {least:g}{unit}"
    if most is not None and value > most:
        return f"{name} is {value:g}{unit}, wanted: at most {most:g}{unit}"
    return None


def _no_match(name: str, text: str, pattern: str) -> str:
    return f"{name} is {text!r}, wanted: no match of {pattern!r}"


def _wanted(name: str, value: str, wanted: Iterable[str]) -> str:
    return f"{name} is {value}, wanted: {' or '.join(wanted)}"


def _redundant(survivors: list[Series], rules: SeriesRules) -> dict[str, str]:
    """Of series that show the same anatomy in the same scan, reject all but the preferred one."""
    reasons: dict[str, str] = {}
    ordered = sorted(survivors, key=lambda one: one.study_uid)
    for _, members in groupby(ordered, key=lambda one: one.study_uid):
        kept: list[Series] = []
        for one in sorted(members, key=lambda one: rank(one, rules.prefer)):
            better = next((other for other in kept if _same_extent(one, other)), None)
            if better is None:
                kept.append(one)
            else:
                reasons[one.key] = f"another reconstruction of {better.name!r} (series {better.key}), which is preferred"
    return reasons


def _not_preferred(survivors: Iterable[Series], rules: SeriesRules) -> dict[str, str]:
    """Of the series of each study, reject all but the preferred one; what has no study is one of its own."""
    reasons: dict[str, str] = {}
    best: dict[str, Series] = {}
    for one in sorted(survivors, key=lambda one: rank(one, rules.prefer)):
        better = best.setdefault(one.study_uid or one.key, one)
        if better is not one:
            kind = " ".join(word for word in (better.orientation, better.weighting, "series") if word)
            reasons[one.key] = f"another {kind} is preferred: {better.name!r} (series {better.key})"
    return reasons


def _same_extent(one: Series, other: Series) -> bool:
    if not one.frame_of_reference or one.frame_of_reference != other.frame_of_reference:
        return False
    first, second, normal, other_normal = one.extent, other.extent, one.normal, other.normal
    if first is None or second is None or normal is None or other_normal is None or np.dot(normal, other_normal) < _PARALLEL_COSINE:
        return False
    union = max(first[1], second[1]) - min(first[0], second[0])
    shared = min(first[1], second[1]) - max(first[0], second[0])
    return union > 0 and shared / union >= SAME_EXTENT


def _as_tuple(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value or ())
