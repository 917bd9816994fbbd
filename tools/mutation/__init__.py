"""Mutation testing: change one thing in the code at a time, and require that a test fails (`make mutation`)."""
