"""A deployed Lightpress as programs use it."""
