"""What operators see and do in a browser: a picture, failures, backfills, and what the last days cost."""
