"""Coded concepts as highdicom wants them, and the coding scheme of those that no standard has."""

from highdicom.coding_schemes import CodingSchemeIdentificationItem
from highdicom.sr import CodedConcept

from msk_monai.anatomy.concepts import PRIVATE_SCHEME, Concept


def coded(concept: Concept) -> CodedConcept:
    """An item of a Code Sequence (PS3.3 section 8.8); a value of more than 16 characters becomes a Long Code Value."""
    return CodedConcept(concept.value, concept.scheme, concept.meaning[:64])


def private_scheme() -> CodingSchemeIdentificationItem:
    """What says whose the private scheme is (PS3.3 section C.12.1.1.7)."""
    return CodingSchemeIdentificationItem(PRIVATE_SCHEME, name="msk_monai measurements and landmarks", responsible_organization="msk_monai")
