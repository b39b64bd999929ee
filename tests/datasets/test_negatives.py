from msk_monai.datasets import as_negatives


def test_nothing_but_the_image_is_kept():
    assert as_negatives([{"image": "a.png", "points": [[1, 2]], "label": 3}], share=0.1) == [{"image": "a.png", "share": 0.1}]
