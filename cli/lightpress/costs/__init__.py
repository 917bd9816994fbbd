"""Estimates of what AWS charges: list prices, assumptions, and the sum."""
