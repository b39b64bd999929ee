"""The command ``msk-monai``.

``msk-monai --help`` must answer at once, so every module here imports what is heavy inside the function that needs it.
"""
