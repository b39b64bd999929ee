"""Whose study a phantom's images say they are, an invented patient's, and what made them."""

from msk_monai.version import __version__

EQUIPMENT = {
    "Manufacturer": "msk_monai",
    "ManufacturerModelName": "Procedural phantom",
    "SoftwareVersions": __version__,
    "DeviceSerialNumber": "0",
}
"""Attributes of the General Equipment module (DICOM PS3.3 C.7.5.1) by keyword."""


def patient_and_study(*, seed: int, study: int, study_uid: str, sex: str, age: float, description: str) -> dict[str, object]:
    """Attributes of the Patient and General Study modules (DICOM PS3.3 C.7.1.1, C.7.2.1) by keyword.

    Args:
        seed: the fictitious patient's name and ID follow from it.
        study: number of the study of that seed.
        study_uid: Study Instance UID.
        sex: Patient's Sex.
        age: years.
        description: Study Description.
    """
    return {
        "SpecificCharacterSet": "ISO_IR 192",
        "PatientName": f"Phantom^{seed}-{study}",
        "PatientID": f"PHANTOM-{seed}-{study}",
        "PatientBirthDate": "",
        "PatientSex": sex,
        "PatientAge": f"{int(age):03d}Y",
        "StudyInstanceUID": study_uid,
        "StudyDate": "20200101",
        "StudyTime": "120000",
        "ReferringPhysicianName": "",
        "StudyID": str(study),
        "AccessionNumber": "",
        "StudyDescription": description,
    }
