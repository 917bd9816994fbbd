"""AWS services in memory, which answer as the real ones do."""
