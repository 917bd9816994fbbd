from __future__ import annotations


class LocalCloudError(Exception):
    """The local cloud cannot do what was asked; the message is for the person who asked."""
