"""Units as AWS Lambda counts memory and S3 bills storage: powers of two. Every name ending with `_mb` means this MB."""

from __future__ import annotations

MB = 1 << 20
"""Bytes: 1,048,576."""

GB = 1 << 30
"""Bytes: 1,073,741,824."""
