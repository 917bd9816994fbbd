"""Composition roots: each module puts one function's workflow and its AWS dependencies together, once per container."""
