"""Who made an object: the series it lies in, the equipment and the algorithm it names, and what it is called."""

from dataclasses import dataclass
from typing import Any

import highdicom
from pydicom.sr.codedict import codes

from msk_monai.records import BundleIdentity, Result
from msk_monai.report.dicom_concepts import private_scheme
from msk_monai.report.dicom_source import DicomSource
from msk_monai.report.dicom_uids import derived_uid
from msk_monai.version import __version__

MANUFACTURER = "msk_monai"
_SERIES_NUMBERS = {"SEG": 9001, "SR": 9002, "SC": 9003}
_NO_WEIGHTS = "no weights"


@dataclass(frozen=True, eq=False)
class Origin:
    """The maker of a case's objects.

    Args:
        result: the case as it is recorded.
        source: its images.
    """

    result: Result
    source: DicomSource

    @property
    def bundle(self) -> BundleIdentity:
        """The bundle that found it."""
        return self.result.bundle

    def uid(self, *parts: str) -> str:
        """A UID that follows from the images, the bundle, its weights and settings, and ``parts``."""
        bundle = (self.bundle.name, self.bundle.version, self.bundle.weights_sha256 or "", self.bundle.overrides or "")
        images = [str(image.SOPInstanceUID) for image in self.source.everything]
        return derived_uid(self.source.study_uid, self.source.series_uid, *images, *bundle, *parts)

    def object_arguments(self, kind: str, *content: str) -> dict[str, Any]:
        """What each of highdicom's SOP classes takes; series are one for each kind, image series and bundle.

        Args:
            kind: ``SEG``, ``SR`` or ``SC``.
            content: digests of what the object holds.
        """
        number = self.source.images[0].get("InstanceNumber") if len(self.source.images) == 1 else None
        bundle = (self.bundle.name, self.bundle.version, self.bundle.weights_sha256 or "", self.bundle.overrides or "")
        return {
            "series_instance_uid": derived_uid(self.source.study_uid, self.source.series_uid, *bundle, kind, "series"),
            "series_number": _SERIES_NUMBERS[kind],
            "sop_instance_uid": self.uid(kind, __version__, *content),
            "instance_number": max(int(number or 1), 1),
            "series_description": f"msk_monai {self.bundle.name} {kind}"[:64],
            **self.equipment,
        }

    @property
    def equipment(self) -> dict[str, Any]:
        """Attributes of the Enhanced General Equipment module (PS3.3 C.7.5.2): the weights' SHA-256 is the serial number."""
        return {
            "manufacturer": MANUFACTURER,
            "manufacturer_model_name": self.bundle.name[:64],
            "software_versions": [f"msk_monai {__version__}", f"{self.bundle.name} {self.bundle.version}"[:64]],
            "device_serial_number": self.bundle.weights_sha256 or _NO_WEIGHTS,
        }

    @property
    def parameters(self) -> dict[str, str]:
        """Of the algorithm: its weights and, where they are not the bundle's own, its settings."""
        given = {"weights_sha256": self.bundle.weights_sha256 or _NO_WEIGHTS, "msk_monai": __version__}
        return given if self.bundle.overrides is None else {**given, "settings": self.bundle.overrides}

    def algorithm(self) -> highdicom.sr.AlgorithmIdentification:
        """For measurements: TID 4019."""
        return highdicom.sr.AlgorithmIdentification(
            name=self.bundle.name,
            version=self.bundle.version,
            parameters=[f"{name}={value}" for name, value in self.parameters.items()],
        )

    def segmentation_algorithm(self) -> highdicom.AlgorithmIdentificationSequence:
        """For segments: the Algorithm Identification Macro (PS3.3 section 10.16)."""
        return highdicom.AlgorithmIdentificationSequence(
            name=self.bundle.name,
            family=codes.cid7162.ArtificialIntelligence,
            version=self.bundle.version,
            source=MANUFACTURER,
            parameters=self.parameters,
        )

    def observer(self) -> highdicom.sr.ObserverContext:
        """Of a report: the bundle as a device (TID 1004)."""
        bundle = (self.bundle.name, self.bundle.version, self.bundle.weights_sha256 or "")
        return highdicom.sr.ObserverContext(
            observer_type=codes.DCM.Device,
            observer_identifying_attributes=highdicom.sr.DeviceObserverIdentifyingAttributes(
                uid=derived_uid("device", *bundle),
                name=f"msk_monai {self.bundle.name}",
                manufacturer_name=MANUFACTURER,
                model_name=f"{self.bundle.name} {self.bundle.version}",
                serial_number=self.bundle.weights_sha256 or _NO_WEIGHTS,
            ),
        )

    def finish(self, dataset: highdicom.SOPClass) -> highdicom.SOPClass:
        """Put the patient and the study into an object, and the private coding scheme."""
        self.source.identify(dataset)
        dataset.CodingSchemeIdentificationSequence = [private_scheme()]
        return dataset
