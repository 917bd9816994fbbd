"""From a queue message to a published manifest: the core workflow, without AWS."""
