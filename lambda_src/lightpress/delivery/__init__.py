"""Addresses, markup and notifications of published variants."""
