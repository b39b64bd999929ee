import numpy as np
import torch

from msk_monai.records import Status
from msk_monai.transforms import FilmGridd, LabelMapd
from tests.transforms.films import film


def test_the_greatest_logit_is_the_class_on_the_films_own_pixels():
    source = film(120, 500)
    image = FilmGridd("source", output_keys="image", longest=250)({"source": source})["image"]
    logits = torch.zeros(3, *image.shape[1:])
    logits[0] = 0.5
    logits[1, 10:30, 50:100] = 4.0
    logits[2, 10:30, 100:150] = 4.0
    out = LabelMapd()({"pred": logits, "image": image, "source": source})
    expected = np.zeros((500, 120), dtype=np.uint8)
    expected[100:200, 20:60], expected[200:300, 20:60] = 1, 2
    assert out["segmentation"].dtype == np.uint8
    assert (out["segmentation"] != expected).mean() < 0.01
    assert np.isin(out["segmentation"][105:195, 25:55], 1).all()
    assert out["findings"].status is Status.OK
