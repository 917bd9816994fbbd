"""What developers run: benchmarks, conformance, generated documents, and fakes of AWS. Never deployed."""
