"""The upload API: what may be uploaded, by whom, and under which key."""
