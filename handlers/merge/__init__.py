"""The merge classification: one label of `merge/`, with every reason."""
