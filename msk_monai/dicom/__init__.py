"""DICOM, NIfTI and raster images: index a folder by headers, select series by rules, read a series into a MetaTensor.

Importing this package, ``study`` or ``select`` loads neither torch nor MONAI; ``reader`` does.
"""
