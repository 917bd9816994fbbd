"""CPU time, bytes, quality and memory of Lightpress and its peers: `make bench`, `python -m tools.benchmarks --help`.

fetch_photos  downloads the photos, from Debian's packages, pinned by checksum
originals     the originals that are measured: those photos as cameras write them, and larger ones made of them
engines       Lightpress and its peers, with the settings that are measured
measure       renders every original with every engine, in turns; cost, bytes and SSIMULACRA2
figures       medians and ratios of what was measured
report        the table in docs/performance.md, the chart, JSON
others        other originals than photos of 12 megapixels
memory        peak memory of large originals
overhead      what the pipeline costs beside the image core
cold_start    CPU time of a new function instance before its first original
fetching      URLs fetched per second, by number of threads
sweep         which quality gives which SSIMULACRA2
scale         waiting times under heavy loads, by simulation
assumed       CPU and bytes that `lightpress estimate` assumes
native        what photos lose by the pixel library: score, bytes and luma
guard         CPU time and bytes against the last release
release       the archive of the last release
"""
