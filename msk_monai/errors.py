"""Every exception the package raises on purpose.

::

    MskMonaiError
    ├── DataError                    a file or series cannot be used; the run goes on with the next case
    │   ├── UnreadableFileError      not an image, truncated, or of a kind no reader here knows
    │   ├── PixelDataError           no pixel data, or pixel data that cannot be decoded
    │   ├── GeometryError            position, orientation or spacing is missing or contradicts itself
    │   │   ├── MissingSliceError    a regular stack with holes in it
    │   │   ├── DuplicateSliceError  two different slices at one position
    │   │   ├── UnevenSpacingError   slice distances that fit no regular grid
    │   │   ├── MixedStackError      several series, acquisitions, orientations or matrix sizes in one stack
    │   │   └── GantryTiltError      slices sheared against the normal of their plane
    │   ├── UnsuitableImageError     readable, but not what the bundle takes
    │   └── DicomOutputError         findings that cannot be written as DICOM objects; they are recorded all the same
    ├── BundleError                  a bundle that cannot be found, opened, configured or trusted
    │   └── UntrustedBundleError     an archive whose configs may run code, and nobody said that they may
    ├── ResultsError                 an output folder that cannot be written or continued
    └── ServerError                  a DICOMweb server refuses, or answers with what cannot be understood
        └── ServerAwayError          it does not answer, or says that it cannot now; later it may

A fault of the caller (wrong type, value out of range) is a ``TypeError`` or ``ValueError`` instead.
Messages are one line, name a file or a Series Instance UID, and never a patient.
"""

from collections.abc import Sequence


class MskMonaiError(Exception):
    """Base of all errors of this package."""


class DataError(MskMonaiError):
    """A file or series cannot be used.

    Args:
        message: one line: what was expected and what was got.
        subject: the file name or Series Instance UID it is about; put in front of the message.
    """

    def __init__(self, message: str, *, subject: str | None = None) -> None:
        self.subject = subject
        self.message = message
        super().__init__(f"{subject}: {message}" if subject else message)

    def __reduce__(self) -> tuple[object, ...]:  # keyword-only arguments survive pickling between processes
        return _rebuild, (type(self), self.message, self.subject)


def _rebuild(kind: type[DataError], message: str, subject: str | None) -> DataError:
    return kind(message, subject=subject)


class UnreadableFileError(DataError):
    """Not an image, truncated, or of a kind no reader here knows."""


class PixelDataError(DataError):
    """No pixel data, or pixel data that cannot be decoded."""


class GeometryError(DataError):
    """Position, orientation or spacing is missing or contradicts itself."""


class MissingSliceError(GeometryError):
    """A regular stack with holes in it."""


class DuplicateSliceError(GeometryError):
    """Two different slices at one position."""


class UnevenSpacingError(GeometryError):
    """Slice distances that fit no regular grid."""


class MixedStackError(GeometryError):
    """Several series, acquisitions, orientations or matrix sizes in one stack."""


class GantryTiltError(GeometryError):
    """Slices sheared against the normal of their plane."""


class UnsuitableImageError(DataError):
    """Readable, but not what the bundle takes."""


class DicomOutputError(DataError):
    """Findings that cannot be written as DICOM objects."""


class BundleError(MskMonaiError):
    """A bundle that cannot be found, opened, configured or trusted."""


class UntrustedBundleError(BundleError):
    """An archive whose configs may run code, and nobody said that they may.

    Args:
        message: one line.
        entries: the places that may run code, a line each.
    """

    def __init__(self, message: str, entries: Sequence[str]) -> None:
        self.entries = tuple(entries)
        super().__init__(message)


class ResultsError(MskMonaiError):
    """An output folder that cannot be written or continued."""


class ServerError(MskMonaiError):
    """A DICOMweb server refuses, or answers with what cannot be understood.

    Args:
        message: one line, with the server's URL but not with what it was asked.
        status: of HTTP, where the server gave one.
    """

    def __init__(self, message: str, *, status: int | None = None) -> None:
        self.status = status
        super().__init__(message)


class ServerAwayError(ServerError):
    """It does not answer, or says that it cannot now; later it may."""
