import pytest

from msk_monai.dicomweb.address import parse_query, parse_server

SECRET = "hunter2"


@pytest.mark.parametrize(
    ("url", "server", "study", "series"),
    [
        ("dicomweb://pacs:8042/dicom-web", "http://pacs:8042/dicom-web", None, None),
        ("DICOMWEBS://pacs.example/rs/", "https://pacs.example/rs", None, None),
        ("dicomweb://[::1]:80/studies", "http://[::1]:80", None, None),
        ("dicomweb://pacs/dicom-web/studies/1.2.3/", "http://pacs/dicom-web", "1.2.3", None),
        ("dicomwebs://pacs/studies/b/studies/1.2.3", "https://pacs/studies/b", "1.2.3", None),
        ("dicomwebs://pacs/a/studies/1.2.3/series/4.5.6", "https://pacs/a", "1.2.3", "4.5.6"),
    ],
)
def test_a_path_selects(url, server, study, series):
    query = parse_query(url)
    assert (query.server.url, query.study, query.series) == (server, study, series)


def test_a_query_filters_and_is_not_printed():
    query = parse_query(
        f"dicomweb://pacs?StudyDate=20260101-20260131&ModalitiesInStudy=MR&00100020={SECRET}&Modality=CT&SeriesDescription=a%20b"
    )
    assert query.study_filters == {"StudyDate": "20260101-20260131", "ModalitiesInStudy": "MR", "PatientID": SECRET}
    assert query.series_filters == {"Modality": "CT", "SeriesDescription": "a b"}
    assert SECRET not in repr(query)


@pytest.mark.parametrize("parse", [parse_server, parse_query])
@pytest.mark.parametrize(
    "url",
    [
        f"dicomweb://me:{SECRET}@pacs/x",
        f"dicomweb://{SECRET}@pacs/x",
        f"dicomweb://me:{SECRET}/1@pacs/x",
        f"dicomweb://me:{SECRET}?@pacs/x",
        f"dicomweb://me:{SECRET}#@pacs/x",
        f"dicomweb:me:{SECRET}@pacs",
        f"dicomweb://pacs/x?token={SECRET}",
        f"dicomweb://pacs/x?{SECRET}",
        f"dicomweb://pacs/studies/../{SECRET}",
        f"dicomweb://pacs/x y?PatientID={SECRET}",
        f"ftp://pacs/{SECRET}",
    ],
)
def test_what_is_no_address_is_refused_and_not_repeated(parse, url):
    with pytest.raises(ValueError, match=r"expected|credentials do not belong") as fault:
        print(parse(url))
    assert SECRET not in str(fault.value)
    assert fault.value.__suppress_context__ or fault.value.__context__ is None


def test_a_server_has_no_query():
    assert parse_server("https://pacs/dicom-web/").url == "https://pacs/dicom-web"
    with pytest.raises(ValueError, match="with a query"):
        parse_server("https://pacs/dicom-web?a=b")
