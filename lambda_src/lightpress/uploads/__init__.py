"""The upload API: what may be uploaded, and by whom."""
