"""Compression of an existing bucket's objects where they lie."""
