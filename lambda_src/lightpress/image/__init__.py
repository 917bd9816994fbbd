"""The picture core: bytes in, bytes out. Start at `render`.

Nothing is imported here: a function that only delivers needs a table or an error of it, not Pillow and all steps.
"""
