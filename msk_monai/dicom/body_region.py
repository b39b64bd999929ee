"""Which part of the body a header says its images show, in whichever words."""

import re
from types import MappingProxyType

from msk_monai.dicom.instance import SeriesHeader

_WORDS = {
    "abdomen": r"abdom|\bkub\b|\bbauch|\bliver|\bleber|\bkidney|\bniere|pancrea|pankrea|spleen",
    "ankle": r"ankle|sprunggelenk|\bosg\b|cheville|tobillo|caviglia|tornozelo|\benkel",
    "arm": r"humer|forearm|\bulna|\bradius|\bupper ?arm|\bunterarm|\boberarm|\barms?\b|avant bras|antebrazo|avambraccio|upper ?extremity",
    "breast": r"breast|mamm[aoe]|\bbrust\b",
    "chest": r"chest|thorax|t[oó]rax|torace|\blungs?\b|\bribs?\b|\brippen|poumon|pulm|stern[ua]|clavi|\bcxr\b|\bheart"
    r"|\bherz|cardia|coronar",
    "elbow": r"elbow|ell[eb][on]b?o?gen|\bcoude\b|\bcodo\b|gomito|cotovelo|elleboog",
    "foot": r"\bfoot|\bfeet\b|\bfu(ss|ß)|\bpied|\bpies?\b|\bpiede|\bvoet|\btoes?\b|\bzehe|calcan|metatars|forefoot|\bheel\b|hallux",
    "hand": r"\bhands?\b|\bfingers?\b|\bthumb|\bdaumen|\bmains?\b|\bmanos?\b|\bdoigt|\bdedos?\b|metacarp|\bd(ito|ita)\b",
    "head": r"\bhead|skull|sch(ä|ae)del|\bkopf\b|brain|\bhirn|cr(a|â|á)n|cerebr|encephal|enc[eé]fal|\bface\b|facial|\bjaw|mandib|maxill"
    r"|orbit|\beyes?\b|\bears?\b|\btm ?j|\bsinus(es)?\b|\bnnh\b|\bnose|nasal|dental|\bteeth|\btooth|\bceph",
    "hip": r"\bhips?\b|\bh(ü|ue)ft|\bhanche|\bcadera|\banca\b|\bheup\b|acetabul|\bhjd\b",
    "knee": r"knees?(?![a-z])|\bknie|\bgenou|\brodilla|ginocchi|\bjoelho|patell|tibio ?femor|\bknä\b|\bkne\b",
    "leg": r"\bfemur|\bfemoral|\btibi|\bfibul|\b(upper|lower)?legs?\b|\bcalf|\bthigh|\bshin\b|\bbein|\bunterschenkel|\boberschenkel|\bjambe"
    r"|\bpierna|\bgamba\b|\bcuisse|(?<!upper )(?<!upper)\bextremit|lower ?limb|\bganzbein|\bscanogram",
    "neck": r"neck|\bhals\b|\bcou\b|\bcuello|\bcollo\b|larynx|thyro|thyre",
    "pelvis": r"pelvi|\bbecken|\bbassin\b|\bbacino|\bbacia\b|prostat|bladder|\bsi ?joint|sacro ?iliac|sacro-iliac|\bisg\b",
    "shoulder": r"shoulder|schulter|[ée]paule|\bhombro|\bspalla|\bombro\b|schouder|scapul|\bac ?joint",
    "spine": r"spine|spinal|lumb[aáo]|vertebr|wirbel|\b[lbhg]ws\b|rachis|rachid|colonne|columna|colonna|coluna|scolio|skolio|escolio"
    r"|thora[ck]al|\bdorsale? (spine|col)|sacrum|sacral|kreuzbein|coccyx|\b[lct]-?s\b|\b[tl]\d{1,2}-?[ls]\d\b",
    "wrist": r"\bwrist|handgelenk|poignet|mu[ñn]eca|\bpolso|\bpunho|\bpols\b|scaphoid|\bcarp(al|us)",
}
_PATTERNS = {region: re.compile(words, re.IGNORECASE) for region, words in _WORDS.items()}
REGIONS = frozenset(_WORDS)
"""Of the body, roughly those of Body Part Examined (DICOM PS3.16, annex L)."""
FIELDS = MappingProxyType(
    {"body part": "body_part", "series description": "description", "protocol": "protocol", "study description": "study_description"}
)
"""What may tell, in words, and the attributes of a header that hold it."""


def told_regions(header: SeriesHeader) -> dict[str, str]:
    """Regions that a header names, each with the words that name it, such as ``series description 'Knie links ap'``.

    The study's description counts only where nothing that is said of the series names a region: a study may be of several.

    >>> told_regions(SeriesHeader(body_part="EXTREMITY", description="Knie links ap"))
    {'leg': "body part 'EXTREMITY'", 'knee': "series description 'Knie links ap'"}
    """
    found: dict[str, str] = {}
    for name, attribute in FIELDS.items():
        if attribute == "study_description" and found:
            break
        text = getattr(header, attribute)
        for region in named_regions(text or ""):
            found.setdefault(region, f"{name} {text!r}")
    return found


def named_regions(text: str) -> list[str]:
    """Regions that words name, in English or another language; ``T-SPINE`` and ``SPINE_TL`` are spines.

    >>> named_regions("LENDENWIRBELSAEULE a.p."), named_regions("AP")
    (['spine'], [])
    """
    words = re.sub(r"[_/.,;:+()]+", " ", text)
    return [region for region, pattern in _PATTERNS.items() if pattern.search(words)]
