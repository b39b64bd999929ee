"""Why a server did not store an object, or not as it is (PS3.18 section 10.5.3).

The codes are those of PS3.4 Table B.2-1 and PS3.7 Annex C.
"""

_MEANINGS = {
    0x0110: "it failed to process it",
    0x0111: "it has an instance of this UID",
    0x0117: "its UID is not valid",
    0x0122: "it does not support the SOP class",
    0x0124: "it does not permit it",
    0x0213: "it lacks resources",
    0xC122: "it does not support the transfer syntax",
    0xB000: "it changed attributes",
    0xB006: "it left out attributes",
    0xB007: "it finds that the data set does not match the SOP class",
}
_RANGES = {
    0xA7: "it is out of resources",
    0xA9: "it finds that the data set does not match the SOP class",
    **{high: "it cannot understand the data set" for high in range(0xC0, 0xD0)},
}


def meaning(code: int) -> str:
    """A Failure Reason (0008,1197) or Warning Reason (0008,1196) in words.

    >>> meaning(0x0110), meaning(0xA700)
    ('it failed to process it (reason 0110H)', 'it is out of resources (reason A700H)')
    """
    return f"{_MEANINGS.get(code) or _RANGES.get(code >> 8, 'it does not say why')} (reason {code:04X}H)"
