"""Builds the pixel library (layers/pixels/) for the processors of Lambda: `make native`."""
