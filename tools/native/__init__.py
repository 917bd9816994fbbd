"""Builds the pixel library (native/) for the processors of Lambda: `make native`."""
