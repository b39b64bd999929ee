"""Disc herniation from an axial slice and, where they are known, the patient's data."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch
from monai.networks.nets import UNet
from torch import nn

from msk_monai.anatomy.discs import LEVELS
from msk_monai.measure.patient_data import DATA, SIZE
from msk_monai.networks.entry_points import Shape
from msk_monai.networks.pyramid import residual_encoder


class HerniationGrade(nn.Module):
    """A logit from a view of the disc and the canal, and what is known of the patient (:mod:`msk_monai.measure.patient_data`).

    Args:
        widths: channels of the stages of the image branch.
        patient_width: of the patient branch.
        dropout: before the last layer.
        forget: in training, how often a datum is taken for unknown, each by itself: so the network learns to do without.
    """

    def __init__(
        self, *, widths: Sequence[int] = (16, 32, 64, 96, 128), patient_width: int = 32, dropout: float = 0.2, forget: float = 0.15
    ) -> None:
        super().__init__()
        self.stages = residual_encoder(1, widths, blocks=(1, 1, 1, 1, 1)[: len(widths)])
        self.patient = nn.Sequential(nn.Linear(SIZE, patient_width), nn.ReLU(), nn.Linear(patient_width, patient_width), nn.ReLU())
        self.joined = nn.Sequential(nn.Linear(widths[-1] + patient_width, 64), nn.ReLU(), nn.Dropout(dropout), nn.Linear(64, 1))
        self.forget = forget
        self.known = SIZE  # TorchScript sees no globals

    def forward(self, image: torch.Tensor, patient: torch.Tensor | None = None) -> torch.Tensor:
        """(B, 1, X, Y) and (B, 12) to (B, 1); without ``patient`` nothing is known."""
        x = image
        for stage in self.stages:
            x = stage(x)
        if patient is None:
            patient = torch.zeros(image.shape[0], self.known, dtype=image.dtype, device=image.device)
        if self.training and self.forget > 0:
            patient = forgotten(patient, self.forget)
        return self.joined(torch.cat([x.mean(dim=(2, 3)), self.patient(patient)], dim=1))


def forgotten(patient: torch.Tensor, share: float, data: int = len(DATA), levels: int = len(LEVELS)) -> torch.Tensor:
    """Vectors (B, 12) of which each datum is made unknown with a probability of ``share``."""
    kept = (torch.rand(patient.shape[0], data, device=patient.device) >= share).to(patient.dtype)
    level = kept[:, 3:].expand(-1, levels)
    return patient * torch.cat([kept[:, :3], level, kept], dim=1)


class LumbarHerniation(nn.Module):
    """All that :class:`msk_monai.networks.HerniationInferer` runs.

    ``levels`` segments vertebra, disc and canal on sagittal slices (the network of ``lumbar_mri_discs``), ``parts`` annulus, nucleus and
    canal on axial ones, ``grade`` gives the logit of a herniation. ``forward(image, patient=None)`` is that of ``grade``.

    Args:
        levels: segments (B, 1, X, Y) into 4 channels.
        parts: segments (B, 1, X, Y) into 4 channels.
        grade: see :class:`HerniationGrade`.
    """

    alone = ("levels", "parts", "grade")
    """What can be trained by itself."""
    forward_is: str | None = None  # it may do without the patient, which the part is always given

    def __init__(self, *, levels: UNet, parts: UNet, grade: nn.Module) -> None:
        super().__init__()
        self.levels, self.parts, self.grade = levels, parts, grade

    def forward(self, image: torch.Tensor, patient: torch.Tensor | None = None) -> torch.Tensor:
        """(B, 1, X, Y) and (B, 12) to (B, 1)."""
        return torch.as_tensor(self.grade(image, patient))

    def entry_points(self) -> Mapping[str, tuple[Shape, ...]]:
        """See :class:`msk_monai.networks.entry_points.HasEntryPoints`."""
        images: Shape = ("images", 1, "32*x", "32*y")
        return {"levels": (images,), "parts": (images,), "grade": (images, ("images", SIZE))}


class ReferenceHerniation(nn.Module):
    """The reference system's network: five blocks of one 3 x 3 convolution (32 ... 512) to 500, four patient data to 500, three layers.

    It has no notion of a datum that is not known: such ones are 0.

    Args:
        size: pixels of the view's side.
        dropout: between its last layers.
    """

    def __init__(self, *, size: int = 300, dropout: float = 0.1) -> None:
        super().__init__()
        widths = (1, 32, 64, 128, 256, 512)
        blocks = [
            nn.Sequential(nn.Conv2d(before, after, 3, padding=1), nn.LeakyReLU(0.1), nn.MaxPool2d(2)) for before, after in pairwise(widths)
        ]
        self.image = nn.Sequential(*blocks, nn.Flatten(), nn.Linear(widths[-1] * (size // 32) ** 2, 500), nn.LeakyReLU(0.1))
        self.patient = nn.Sequential(nn.Linear(4, 500), nn.LeakyReLU(0.1))
        deep = [nn.Sequential(nn.Linear(before, 512), nn.LeakyReLU(0.1), nn.Dropout(dropout)) for before in (1000, 512)]
        self.joined = nn.Sequential(*deep, nn.Linear(512, 1))

    def forward(self, image: torch.Tensor, patient: torch.Tensor | None = None) -> torch.Tensor:
        """(B, 1, X, Y) and (B, 12) to (B, 1)."""
        if patient is None:
            patient = torch.zeros(image.shape[0], SIZE, dtype=image.dtype, device=image.device)
        place = torch.arange(len(LEVELS), dtype=patient.dtype, device=patient.device)
        level = (patient[:, 3 : 3 + len(LEVELS)] * place).sum(dim=1, keepdim=True)
        four = torch.cat([patient[:, :3], level], dim=1)
        return self.joined(torch.cat([self.image(image), self.patient(four)], dim=1))
