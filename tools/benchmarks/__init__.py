"""How fast and how small, against the others: `make bench`.

fetch_photos  real photos from Debian's packages, pinned by checksum
pictures      what is measured: those photos as cameras write them, and large ones made of them
environment   the others, installed apart from ours
engines       who is measured, with which settings, and how to speak to them
measure       every picture through every engine, in turns; what it cost, and how good it is
figures       the arithmetic: medians, ratios
report        docs/performance.md's table, the chart, JSON
memory        what large pictures take
scale         how long pictures wait under heavy loads: a simulation
fetching      how many URLs are fetched in a second, by how many threads
cold_start    what a new function instance pays before its first picture
"""
