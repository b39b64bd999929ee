import warnings

import pytest
from monai.transforms import LoadImage

from msk_monai.dicom.reader import SeriesReader


@pytest.fixture
def load():
    """Read through MONAI's own transform: ``load(source, **reader_options)`` gives a channel-first MetaTensor."""

    def run(source, **options):
        with warnings.catch_warnings():  # MONAI warns of a decoder it would like to have, whichever reader is asked for
            warnings.filterwarnings("ignore", message="NvImgCodecPydicomReader")
            transform = LoadImage(reader=SeriesReader(**options), ensure_channel_first=True)
        return transform(source)

    return run
