"""The layer and the functions, run on the processor that they are deployed for: `make arm64`.

`__main__` says what is done; `guest` is what runs on arm64; `judge` looks at the files that it makes.
"""
