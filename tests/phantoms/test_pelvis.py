from dataclasses import replace

import numpy as np
import pytest

from msk_monai.phantoms.pelvis import hip_parts, iliac_piece, s1_z_range


def bone_of(piece, spacing=3.0, margin=30.0):
    axes = [np.arange(low - margin, high + margin, spacing, dtype=np.float32) for low, high in zip(piece.low, piece.high, strict=True)]
    inside = piece.distance(axes[0][None, None], axes[1][None, :, None], axes[2][:, None, None]) < 0
    points = np.argwhere(inside)
    return np.stack([axes[k][points[:, 2 - k]] for k in range(3)], 1)


@pytest.mark.parametrize("pitch", [-14.0, 0.0, 14.0])
@pytest.mark.parametrize("rise", [-22.0, 26.0])
@pytest.mark.parametrize("side", [1, -1])
def test_the_iliac_wing_fits_its_box_however_it_is_pitched(patient, pitch, rise, side):
    piece = iliac_piece(replace(patient.pelvis, pitch=pitch, crest_rise=rise), side)
    points = bone_of(piece)
    assert np.all(points.min(0) >= piece.low)
    assert np.all(points.max(0) <= piece.high)
    assert np.all(points[:, 0] * side > 0)


def test_the_crest_rises_as_told(patient):
    low, high = (bone_of(iliac_piece(replace(patient.pelvis, pitch=0.0, crest_rise=r), 1))[:, 2].max() for r in (0.0, 20.0))
    assert high - low == pytest.approx(20, abs=4)


def test_left_and_right_are_mirror_images(patient):
    left, right = (bone_of(iliac_piece(patient.pelvis, side), margin=0.0) for side in (1, -1))
    np.testing.assert_allclose(left.mean(0), right.mean(0) * (-1, 1, 1), atol=1.5)


def test_the_femoral_head_lies_in_its_socket(patient):
    bone, joint, head, *_ = hip_parts(patient.pelvis, 1, cortical_hu=800)
    hip = patient.pelvis.hip
    mesh = [np.float32([[[v]]]) for v in hip]
    assert min(p.distance(*mesh).item() for p in head.pieces) < -15
    assert min(p.distance(*mesh).item() for p in joint.pieces) < -15
    medial = [np.float32([[[v]]]) for v in hip - (29 * patient.pelvis.scale, 0, -10)]
    assert min(p.distance(*medial).item() for p in bone.pieces) < 0


def test_a_steeper_sacrum_spans_more_height(patient):
    flat, steep = (np.diff(s1_z_range(replace(patient.pelvis, sacral_slope=s)))[0] for s in (5.0, 50.0))
    assert steep > flat + 8
