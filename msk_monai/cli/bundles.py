"""``msk-monai bundles``."""

from msk_monai.cli.console import table


def bundles() -> None:
    """List the bundles that are here: what each takes and gives."""
    from msk_monai.bundle import available

    found = available()
    rows = [
        (
            bundle.name,
            bundle.version or "–",
            bundle.fault or bundle.takes,
            bundle.gives,
            "yes" if bundle.has_weights else "missing",
            "research use" if bundle.research_use else "",
        )
        for bundle in found
    ]
    print(table(("name", "version", "takes", "gives", "weights", "licence"), rows) if rows else "no bundles found")
