import pytest
import torch
from monai.networks.nets import UNet

from msk_monai.anatomy.discs import LEVELS
from msk_monai.measure.patient_data import SIZE, patient_vector
from msk_monai.networks import HerniationGrade, LumbarHerniation, OneLook, ReferenceHerniation
from msk_monai.networks.herniation import forgotten

WHOLE = torch.tensor([patient_vector(age=60.0, sex="F", canal_width=15.0, level="L4-L5")])


def unet():
    return UNet(spatial_dims=2, in_channels=1, out_channels=4, channels=(4, 8), strides=(2,))


@pytest.fixture
def grade():
    torch.manual_seed(0)
    return HerniationGrade(widths=(4, 6, 8), patient_width=8)


@pytest.fixture
def image():
    return torch.rand(2, 1, 48, 48, generator=torch.Generator().manual_seed(1))


@torch.no_grad()
def test_one_logit_for_each_image(grade, image):
    patient = WHOLE.expand(2, -1)
    logits = grade.eval()(image, patient)
    assert logits.shape == (2, 1)
    torch.testing.assert_close(grade(image[1:], patient[1:]), logits[1:])
    assert not torch.allclose(grade(image, 0 * patient), logits)


@pytest.mark.parametrize("kind", ["grade", "reference"])
@torch.no_grad()
def test_without_a_patient_nothing_is_known(kind, grade, image):
    network = grade if kind == "grade" else ReferenceHerniation(size=48)
    network.eval()
    torch.testing.assert_close(network(image), network(image, torch.zeros(2, SIZE)))


def test_a_forgotten_datum_is_as_if_it_had_never_been_known():
    torch.manual_seed(0)
    kept = forgotten(WHOLE.expand(500, -1), 0.3)
    known = {"age": 60.0, "sex": "F", "canal_width": 15.0, "level": "L4-L5"}
    seen = {tuple(row.tolist()) for row in kept}
    assert len(seen) == 16  # each by itself
    for row in kept:
        told = {key: value for (key, value), mark in zip(known.items(), row[3 + len(LEVELS) :], strict=True) if mark}
        assert row.tolist() == pytest.approx(patient_vector(**told))
    assert kept[:, 3 + len(LEVELS) :].mean().item() == pytest.approx(0.7, abs=0.03)
    assert torch.equal(forgotten(WHOLE, 0.0), WHOLE)
    assert not forgotten(WHOLE, 1.0).any()


@torch.no_grad()
def test_data_are_forgotten_in_training_only(image):
    torch.manual_seed(0)
    network = HerniationGrade(widths=(4, 6), patient_width=8, forget=1.0, dropout=0.0)
    told = network.eval()(image, WHOLE.expand(2, -1))
    assert not torch.allclose(network(image), told)
    network.train()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.eval()
    torch.testing.assert_close(network(image, WHOLE.expand(2, -1)), network.eval()(image))


@torch.no_grad()
def test_the_whole_answers_as_its_grade_and_its_parts_can_be_trained_alone(grade, image):
    network = LumbarHerniation(levels=unet(), parts=unet(), grade=grade).eval()
    torch.testing.assert_close(network(image, WHOLE.expand(2, -1)), grade(image, WHOLE.expand(2, -1)))
    assert OneLook(network, "parts")(image).shape == (2, 4, 48, 48)


@torch.no_grad()
def test_the_reference_knows_four_data_and_the_level_as_a_number(image):
    torch.manual_seed(0)
    network = ReferenceHerniation(size=48).eval()
    seen = []
    network.patient.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    for level in LEVELS:
        assert network(image, torch.tensor([patient_vector(age=68.0, sex="M", level=level)]).expand(2, -1)).shape == (2, 1)
    assert [given[0].tolist() for given in seen] == [[1, 1, 0, place] for place in range(5)]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # TorchScript is what torch has begun to give up
@torch.no_grad()
def test_it_can_be_scripted(grade, image):
    network = LumbarHerniation(levels=unet(), parts=unet(), grade=grade).eval()
    scripted = torch.jit.script(network)
    torch.testing.assert_close(scripted(image), network(image))
    torch.testing.assert_close(scripted(image, WHOLE.expand(2, -1)), network(image, WHOLE.expand(2, -1)))
