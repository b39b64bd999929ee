"""A phantom film of the spine as the radiograph to be written."""

from msk_monai.phantoms.dicom_radiograph import Radiograph
from msk_monai.phantoms.spine_xray import Film


def spine_radiograph(film: Film) -> Radiograph:
    """Return what the DICOM file of a film says."""
    setup = film.setup
    lumbar = setup.region in ("lumbar", "cut")
    return Radiograph(
        pixels=film.pixels,
        inverted=film.inverted,
        imager_spacing=setup.detector.spacing,
        spacing=film.spacing,
        plane="plane of the disc L4/L5",
        magnification=film.magnification,
        source_distance=setup.view.distance,
        calibration=film.calibration,
        series=f"{'L-spine' if lumbar else 'Spine'} {'AP' if setup.from_front else 'PA'}",
        body_part="LSPINE" if lumbar else "SPINE",
        region=("421060004", "Vertebral column"),
        from_front=setup.from_front,
        orientation=("R" if setup.mirrored else "L", "F"),
        laterality="U",
        sex=film.sex,
        age=film.age,
    )
