"""The contrast of an MR series: what its times say, what its name says, and which of the two to believe."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

WEIGHTINGS = ("T1", "T2", "PD", "STIR", "FLAIR", "T2*", "SSFP", "DWI", "myelography", "localizer")
"""``T2*`` stands for gradient echoes weighted so, ``SSFP`` for steady states (CISS, FIESTA, DESS), ``DWI`` also for maps made of them."""
T2_ECHO_MS = 60.0
"""Least echo time of a T2 weighted spin echo. Between the limits of the kinds there are gaps, where the name answers."""
T1_ECHO_MS = 35.0
T1_REPETITION_MS = (200.0, 1100.0)
"""Below 200 ms no spin echo repeats: such times belong to gradient echoes, whose contrast the flip angle decides."""
PD_ECHO_MS = 45.0
LONG_REPETITION_MS = 1500.0
MYELOGRAPHY_ECHO_MS = 500.0
"""At this echo time only liquor is left."""
STIR_INVERSION_MS = (100.0, 250.0)
"""Nulls fat at 0.2 T to 3 T."""
T1_INVERSION_MS = (300.0, 1500.0)
"""Inversion that deepens T1 contrast (T1 FLAIR, MPRAGE)."""

_LEVELS = re.compile(r"\b(?:C\d|T\d{1,2}) ?(?:-|TO) ?[TLS]\d{1,2}\b")
"""A range of vertebrae (T1-T12, C7-T1), which is no contrast."""
_TECHNIQUES = (
    (
        "localizer",
        r"\bLOC\d?\b|LOCALI[SZ]|\bLOCATOR|\bLOKALI|SCOUT|\bSURV(?:EY)?\b|\b3 ?-?PL(?:ANE)?S?\b|\bTRI ?-?PLAN|\b3P ?LOC|PLAN ?SCAN|POSDISP",
    ),
    ("DWI", r"DWI|DIFF|\bE?ADC\b|\bEP2D\b|TRACEW?\b|\bDTI\b|TENSOR|\bIVIM\b|\bB ?=? ?\d{3,4}\b|\bRESOLVE\b"),
    ("myelography", r"MYELO|\bMYEL\b|\bMRM\b"),
    ("SSFP", r"CISS|FIESTA|TRUE ?FISP|TRUFI|\bB-?FFE|BTFE|\bDESS\b|\bDE3D\b|\bPSIF\b|SSFP"),
)
"""What a name says of how an image was made: times like those of a spin echo gainsay none of it."""
_GAINSAID_BY_NONE = frozenset({"T2*", *(name for name, _ in _TECHNIQUES)})
_GRADIENT = re.compile(
    r"T2 ?\*|T2 ?STAR|MEDIC\b|MERGE\b|\bME[23]D|\bSWI\b|SWAN\b|\bF?GRE\b|GRADIENT|FFE\b|\bFL[23]D|FLASH|SPGR|MPGR|VIBE|THRIVE|\bLAVA\b"
    r"|\bTFE\b|MP ?-?RAGE|\bTFL\b"
)
_STAR = re.compile(r"T2 ?\*|T2 ?STAR|MEDIC\b|MERGE\b|\bME[23]D|\bSWI\b|SWAN\b|MPGR|\bM-?FFE")
_T1_ONLY = re.compile(r"VIBE|THRIVE|\bLAVA\b|MP ?-?RAGE|SPGR")
_T1 = re.compile(r"T1(?!\d)")
_T2 = re.compile(r"T2(?!\d)")
_PD = re.compile(r"(?<![A-Z])[SEO]?PD(?![A-Z])|PDW|\bPDFS|\bPDTSE|PROTON|\bDENSIT")
_FLAIR = re.compile(r"FLAIR|DARK ?-?FLUID")
_STIR = re.compile(r"STIR|TIRM|\bTIR\b")
_SEPARATORS = re.compile(r"[\s_./\\,;:()\[\]]+")


@dataclass(frozen=True)
class Weighting:
    """A contrast, and where it is known from.

    Attributes:
        name: one of ``WEIGHTINGS``.
        source: ``TE 12 ms, TR 550 ms`` or ``by its description``, to be put behind the name.
    """

    name: str
    source: str

    def __str__(self) -> str:
        return f"{self.name} {self.source}" if self.source.startswith("by") else f"{self.name} ({self.source})"


def weighting(
    description: str | None,
    protocol: str | None = None,
    *,
    echo_time: float | None = None,
    repetition_time: float | None = None,
    inversion_time: float | None = None,
    sequence: Sequence[str] = (),
) -> Weighting | None:
    """Tell an MR series' contrast.

    Where the times of a spin echo contradict the contrast in the name (a T1 protocol saved as "T2 tra"), the times win. They have no say
    where the name tells of a technique whose times look like those of a spin echo of another kind: localizers, diffusion, myelography,
    steady states and gradient echoes. Nor do they make STIR, FLAIR or T1 FLAIR into something else as long as no inversion time is
    stated. Where times are missing or lie between the kinds, the name answers; a name with two contrasts says nothing.

    Args:
        description: SeriesDescription.
        protocol: ProtocolName, asked where the description says nothing.
        echo_time: EchoTime in ms.
        repetition_time: RepetitionTime in ms.
        inversion_time: InversionTime in ms; 0 stands for none.
        sequence: ScanningSequence (``SE``, ``IR``, ``GR``, ``EP``): gradient echoes are left to their names.

    Returns:
        None where nothing says.

    >>> str(weighting("AX T2 FRFSE", echo_time=102, repetition_time=3500))
    'T2 (TE 102 ms, TR 3500 ms)'
    >>> str(weighting("t2_tirm_sag"))
    'STIR by its description'
    """
    texts = [("by its description", _tidy(description)), ("by its protocol", _tidy(protocol))]
    inverted = bool(inversion_time and inversion_time > 0)
    named = next((Weighting(name, source) for source, text in texts if (name := _technique(text) or _contrast(text))), None)
    if named is not None and named.name in _GAINSAID_BY_NONE:
        return named
    timed = None
    if not ("GR" in sequence and "SE" not in sequence) and not any(_GRADIENT.search(text) for _, text in texts):
        timed = _by_times(echo_time, repetition_time, inversion_time if inverted else None)
    if timed is None or (named is not None and named.name == timed.name):
        return timed or named
    prepared = any(_FLAIR.search(text) or _STIR.search(text) for _, text in texts)
    return named if named is not None and prepared and not inverted else timed


def _by_times(echo: float | None, repetition: float | None, inversion: float | None) -> Weighting | None:
    """The contrast of a spin echo."""
    if inversion is not None:
        name = _by_inversion(inversion, echo)
        if name is not None:
            return Weighting(name, f"TI {inversion:g} ms")
    if echo is None or repetition is None:
        return None
    name = _by_echo(echo, repetition)
    return None if name is None else Weighting(name, f"TE {echo:g} ms, TR {repetition:g} ms")


def _by_inversion(inversion: float, echo: float | None) -> str | None:
    if STIR_INVERSION_MS[0] <= inversion <= STIR_INVERSION_MS[1]:
        return "STIR"
    if inversion > T1_INVERSION_MS[1]:
        return "FLAIR"
    return "T1" if inversion >= T1_INVERSION_MS[0] and echo is not None and echo < PD_ECHO_MS else None


def _by_echo(echo: float, repetition: float) -> str | None:
    if repetition >= LONG_REPETITION_MS:
        if echo >= MYELOGRAPHY_ECHO_MS:
            return "myelography"
        if echo >= T2_ECHO_MS:
            return "T2"
        return "PD" if echo < PD_ECHO_MS else None
    shortest, longest = T1_REPETITION_MS
    return "T1" if echo < T1_ECHO_MS and shortest <= repetition < longest else None


def _tidy(text: str | None) -> str:
    """Upper case, with single spaces between words whatever stood there, and without ranges of vertebrae."""
    return _LEVELS.sub(" ", _SEPARATORS.sub(" ", (text or "").upper())).strip()


def _technique(text: str) -> str | None:
    found = next((name for name, pattern in _TECHNIQUES if re.search(pattern, text)), None)
    if found is None and _is_star(text):
        return "T2*"
    return found


def _is_star(text: str) -> bool:
    """Whether a name says T2*: outright, or as a gradient echo that is not said to be T1 (in the spine it is then T2*)."""
    if _STAR.search(text):
        return True
    return bool(_GRADIENT.search(text)) and not _T1.search(text) and not _T1_ONLY.search(text) and not _PD.search(text)


def _contrast(text: str) -> str | None:
    """The contrast a name states; None where it states none, or two."""
    t1, t2 = bool(_T1.search(text)) or bool(_T1_ONLY.search(text)), bool(_T2.search(text))
    if t1 and t2:
        return None
    if t1:
        return "T1"
    if _FLAIR.search(text):
        return "FLAIR"
    if _STIR.search(text):
        return "STIR"
    pd = bool(_PD.search(text))
    if t2 and pd:
        return None
    return "T2" if t2 else "PD" if pd else None
