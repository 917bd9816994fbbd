from __future__ import annotations


class LocalCloudError(Exception):
    """The local cloud cannot be started, deployed or stopped; the message says why, and what to do."""
