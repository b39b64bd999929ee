"""``msk-monai bundles``."""

from typing import TYPE_CHECKING, Annotated

import typer

from msk_monai.cli.console import table

if TYPE_CHECKING:
    from msk_monai.bundle import BundleInfo


def bundles(
    names: Annotated[list[str] | None, typer.Argument(help="Names, folders or zips of bundles. Default: all that are here.")] = None,
) -> None:
    """List the bundles that are here: what each takes and gives."""
    from msk_monai.bundle import available, describe, folder_of

    found = [describe(folder_of(name)) for name in names] if names else available()
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
    for bundle in found:
        _say_what_needs_trust(bundle)


def _say_what_needs_trust(bundle: "BundleInfo") -> None:
    """Print, for an archive, what of its prediction may run code. Nothing runs."""
    from msk_monai.bundle import archive_of, open_bundle
    from msk_monai.errors import UntrustedBundleError

    archive = archive_of(bundle.root)
    if archive is None:
        return
    try:
        open_bundle(archive)
    except UntrustedBundleError as fault:
        print("\n".join(("", str(fault), *fault.entries)))
    else:
        print(f"\n{archive}: predicts without --trust")
