"""The contrast of MR series by vendors' names, by times, and where the two disagree."""

from dataclasses import replace

import pytest

from msk_monai.dicom.study import index_folder
from msk_monai.dicom.weighting import WEIGHTINGS, weighting
from tests.dicom.writing import noise, write_stack

NAMES = {
    "T2_TSE_TRA": "T2",
    "t2_tse_tra_msma": "T2",
    "t2_tse_sag_384": "T2",
    "AX T2 FRFSE": "T2",
    "Ax T2": "T2",
    "OSag T2 FSE": "T2",
    "T2W_TSE_AX": "T2",
    "sT2W_TSE SENSE": "T2",
    "T2 FS SAG": "T2",
    "Sag T2 fat sat": "T2",
    "t2_tse_dixon_sag_W": "T2",
    "t2_space_sag_iso": "T2",
    "T2加权 横断": "T2",
    "C7-T1 T2 tra": "T2",
    "Ax T2 L4-S1": "T2",
    "AX T2 T11-L2": "T2",
    "t1_se_tra": "T1",
    "t1_tse_sag": "T1",
    "T1W_TSE": "T1",
    "SAG T1 FSE": "T1",
    "T1 FS +C": "T1",
    "Ax T1 FS GD": "T1",
    "Sag T1 FLAIR": "T1",
    "t1_tirm_sag_dark-fluid": "T1",
    "t1_vibe_fs_tra": "T1",
    "T1 FFE": "T1",
    "t1_fl2d_tra": "T1",
    "MPRAGE": "T1",
    "PD_TSE_SAG": "PD",
    "Ax PD FS": "PD",
    "sPDW_TSE": "PD",
    "Proton density": "PD",
    "STIR_longTE": "STIR",
    "Sag STIR": "STIR",
    "t2_tirm_sag": "STIR",
    "T2 STIR cor": "STIR",
    "t2_tirm_tra_dark-fluid": "FLAIR",
    "T2 FLAIR": "FLAIR",
    "t2_me2d_tra (MEDIC)": "T2*",
    "AX MERGE": "T2*",
    "T2* GRE tra": "T2*",
    "t2star_map": "T2*",
    "Ax GRE": "T2*",
    "mFFE": "T2*",
    "t2_ciss3d_tra": "SSFP",
    "Ax FIESTA-C": "SSFP",
    "ep2d_diff_b50_800": "DWI",
    "DWI b1000": "DWI",
    "ADC (10^-6 mm2/s)": "DWI",
    "resolve_3scan_trace_TRACEW": "DWI",
    "T2_HASTE_MYELO": "myelography",
    "Myelogramm 3D": "myelography",
    "t2 myelo cor": "myelography",
    "localizer": "localizer",
    "3-pl T2* FGRE": "localizer",
    "3 Plane Loc": "localizer",
    "Scout": "localizer",
    "SURVEY_32ch": "localizer",
    "PosDisp: [5] t2_tse_tra": "localizer",
    "LOC": "localizer",
    "Locator": "localizer",
    "tse dixon": None,
    "T1/T2 mixed": None,
    "PD/T2 dual": None,
    "T12 level": None,
    "T1-T12 coronal": None,
    "Lumbar axial": None,
    "update": None,
    "": None,
}


@pytest.mark.parametrize(("name", "expected"), NAMES.items())
def test_names_as_vendors_give_them(name, expected):
    found = weighting(name)
    assert (None if found is None else found.name) == expected
    assert expected is None or expected in WEIGHTINGS


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ((102, 3500, None), "T2 (TE 102 ms, TR 3500 ms)"),
        ((60, 1500, 0), "T2 (TE 60 ms, TR 1500 ms)"),
        ((12, 550, None), "T1 (TE 12 ms, TR 550 ms)"),
        ((30, 3000, None), "PD (TE 30 ms, TR 3000 ms)"),
        ((60, 4000, 160), "STIR (TI 160 ms)"),
        ((120, 9000, 2500), "FLAIR (TI 2500 ms)"),
        ((24, 2250, 860), "T1 (TI 860 ms)"),
        ((900, 8000, None), "myelography (TE 900 ms, TR 8000 ms)"),
        ((50, 3000, None), None),
        ((20, 1300, None), None),
        ((3, 6, None), None),
        ((100, None, None), None),
        ((None, None, None), None),
    ],
)
def test_times_alone(times, expected):
    echo, repetition, inversion = times
    found = weighting("tse tra", echo_time=echo, repetition_time=repetition, inversion_time=inversion)
    assert (None if found is None else str(found)) == expected


@pytest.mark.parametrize(
    ("name", "times", "expected"),
    [
        ("T2 tra", {"echo_time": 12, "repetition_time": 550}, "T1 (TE 12 ms, TR 550 ms)"),
        ("T1 sag", {"echo_time": 100, "repetition_time": 3000}, "T2 (TE 100 ms, TR 3000 ms)"),
        ("T2 sag", {"echo_time": 60, "repetition_time": 4000, "inversion_time": 150}, "STIR (TI 150 ms)"),
        ("T2 sag", {"echo_time": 50, "repetition_time": 3000}, "T2 by its description"),
        ("T1/T2", {"echo_time": 100, "repetition_time": 3000}, "T2 (TE 100 ms, TR 3000 ms)"),
        ("STIR", {"echo_time": 70, "repetition_time": 4000}, "STIR by its description"),
        ("STIR", {"echo_time": 30, "repetition_time": 4000, "inversion_time": 0}, "STIR by its description"),
        ("T1 FLAIR", {"echo_time": 24, "repetition_time": 2250}, "T1 by its description"),
        ("ep2d_diff", {"echo_time": 70, "repetition_time": 4000}, "DWI by its description"),
        ("t2_haste_loc", {"echo_time": 90, "repetition_time": 1500}, "localizer by its description"),
        ("t2_me2d_tra MEDIC", {"echo_time": 17, "repetition_time": 600}, "T2* by its description"),
        ("T2 tra", {"echo_time": 17, "repetition_time": 600, "sequence": ("GR",)}, "T2 by its description"),
        ("T2 tra", {"echo_time": 100, "repetition_time": 3000, "sequence": ("SE",)}, "T2 (TE 100 ms, TR 3000 ms)"),
    ],
)
def test_times_win_over_names_only_where_they_can(name, times, expected):
    assert str(weighting(name, **times)) == expected


def test_the_protocol_answers_where_the_description_does_not():
    assert str(weighting("Series 5", "t2_tse_tra")) == "T2 by its protocol"
    assert weighting(None, "t2_tse_tra").name == "T2"
    assert weighting("t1_tse", "t2_tse_tra_localizer").name == "T1"


def test_a_series_knows_its_weighting(tmp_path):
    write_stack(tmp_path, noise(3, 4, 5), Modality="MR", SeriesDescription="tra", EchoTime="100", RepetitionTime="3000")
    series = index_folder(tmp_path).series[0]
    assert series.weighting == "T2"
    assert replace(series, echo_time=None).weighting is None
    assert replace(series, modality="CT").weighting is None


def test_the_kind_of_sequence_is_read_from_the_header(tmp_path):
    write_stack(tmp_path, noise(3, 4, 5), Modality="MR", EchoTime="12", RepetitionTime="500", ScanningSequence=["GR", "IR"])
    series = index_folder(tmp_path).series[0]
    assert series.sequence == ("GR", "IR")
    assert series.weighting is None
