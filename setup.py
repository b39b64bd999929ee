"""What setup.cfg cannot say: the top-level folder ``bundles`` is installed as the data package ``msk_monai_bundles``."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["msk_monai*"]), "msk_monai_bundles"],
    package_dir={"msk_monai_bundles": "bundles"},
    package_data={"msk_monai": ["*/*.yaml", "*/*.j2", "*/*.css", "*/*.js"], "msk_monai_bundles": ["*", "*/*", "*/*/*"]},
)
