"""Procedural patients, rendered as CT with their exact truth."""
