"""What is kept of one image file: enough to group, select, order, place and decode it; nothing that names a patient."""

from dataclasses import dataclass, field
from pathlib import Path

Vector = tuple[float, ...]
Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """One image plane: where it lies and how its stored values become real ones.

    A value that the header holds but that is no number is NaN; a value that is absent is None.

    Attributes:
        position: ImagePositionPatient, LPS mm: centre of the first pixel.
        orientation: ImageOrientationPatient: direction cosines of a row, then of a column.
        spacing: PixelSpacing: mm between rows, mm between columns.
        thickness: SliceThickness in mm.
        slope: RescaleSlope.
        intercept: RescaleIntercept.
        labels: what may tell this plane's acquisition from another's in the same series.
    """

    position: Vector | None
    orientation: Vector | None
    spacing: Vector | None
    thickness: float | None
    slope: float
    intercept: float
    labels: Labels


@dataclass(frozen=True, kw_only=True, slots=True)
class PixelFormat:
    """How pixels are stored, and where in the file.

    Attributes:
        offset: position of the first byte of the pixel data's value in the file; None where there is none, or where only pydicom
            can find it (deflated files).
        length: its length in bytes; None where it is encapsulated.
    """

    transfer_syntax: str
    photometric: str
    samples: int
    bits_allocated: int
    bits_stored: int
    signed: bool
    offset: int | None
    length: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Projection:
    """What a radiograph's header says of its pixel size (DICOM PS3.3 section 10.7.1.3); row distance first, mm."""

    imager_spacing: Vector | None = None
    nominal_spacing: Vector | None = None
    magnification: float | None = None
    calibration: str | None = None
    aspect_ratio: Vector | None = None
    view_position: str | None = None
    patient_orientation: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Scintigram:
    """What an NM image's header says of each of its frames (DICOM PS3.3 sections C.8.4.8, C.8.4.10 and C.8.4.11).

    Attributes:
        views: ``anterior``, ``posterior``, ``other``, or empty where nothing says.
        sources: the element that tells the view, or empty.
        detectors: DetectorVector: numbers from 1; empty where it is absent.
        energy_windows: how many there are.
        directions: of each frame, where its rows (``R`` or ``L``) and columns (``H`` or ``F``) run to; empty where nothing says.
        own_directions: whether these are stated for each frame, rather than once for several of them.
        notes: what is to be said of the views.
        acquired: seconds at which the acquisition began, from a fixed day on; None where unknown. Not printed with the rest.
    """

    views: tuple[str, ...]
    sources: tuple[str, ...]
    detectors: tuple[int, ...] = ()
    energy_windows: int = 1
    directions: tuple[tuple[str, ...], ...] = ()
    own_directions: bool = False
    notes: tuple[str, ...] = ()
    acquired: float | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Instance:
    """One DICOM image (or other object: ``rows`` is then 0), NIfTI volume, raster or MATLAB file.

    Attributes:
        rows: number of rows of each frame; for NIfTI the second array axis.
        frames: one per frame of the pixel data; empty for what is no image.
        frames_are: ``slice`` where every frame lies in the patient, ``frame`` where frames are views, detectors or times.
        scintigram: of an NM image, what its frames show; None of others.
    """

    path: Path
    sop_uid: str
    sop_class: str
    instance_number: int | None
    acquisition_number: int | None
    image_type: tuple[str, ...]
    laterality: str | None
    rows: int
    columns: int
    frames: tuple[Frame, ...]
    frames_are: str
    pixels: PixelFormat | None
    projection: Projection
    scintigram: Scintigram | None = None

    @property
    def is_localizer(self) -> bool:
        """Whether ImageType calls it a localizer (scout, topogram)."""
        return "LOCALIZER" in self.image_type


@dataclass(frozen=True, kw_only=True)
class SeriesHeader:
    """What the images of a series have in common, as far as the header says; None where it does not.

    Attributes:
        study_uid: StudyInstanceUID; empty for files that are no DICOM.
        series_uid: SeriesInstanceUID; empty for files that are no DICOM.
        description: SeriesDescription.
        kernel: ConvolutionKernel.
        bits: BitsStored, or the size of a voxel or channel of a NIfTI or raster file.
        echo_time: EchoTime in ms.
        repetition_time: RepetitionTime in ms.
        inversion_time: InversionTime in ms.
        sequence: ScanningSequence (``SE``, ``IR``, ``GR``, ``EP``).
        laterality: ``R`` or ``L`` (Laterality or ImageLaterality).
        patient_age_years: PatientAge in years; not printed with the rest.
        patient_sex: ``M`` or ``F``; not printed with the rest.
    """

    study_uid: str = ""
    series_uid: str = ""
    modality: str | None = None
    description: str | None = None
    study_description: str | None = None
    protocol: str | None = None
    body_part: str | None = None
    image_type: tuple[str, ...] = ()
    kernel: str | None = None
    slice_thickness: float | None = None
    echo_time: float | None = None
    repetition_time: float | None = None
    inversion_time: float | None = None
    sequence: tuple[str, ...] = ()
    contrast: str | None = None
    laterality: str | None = None
    view_position: str | None = None
    patient_position: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    frame_of_reference: str | None = None
    series_number: int | None = None
    bits: int | None = None
    patient_age_years: float | None = field(default=None, repr=False)
    patient_sex: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """A file's header, sorted by what it is about.

    Attributes:
        patient: a digest of what tells patients apart, for grouping within one index; never shown or stored.
    """

    instance: Instance
    series: SeriesHeader
    patient: str
