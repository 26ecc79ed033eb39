"""`assay scan`: secrets in a text, a diff or a range of commits."""
