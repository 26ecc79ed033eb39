"""`assay policy`."""
