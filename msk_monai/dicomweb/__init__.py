"""Images from, and results to, a DICOMweb server (PS3.18): QIDO-RS asks, WADO-RS fetches, STOW-RS stores."""
