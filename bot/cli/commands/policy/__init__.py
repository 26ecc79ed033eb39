"""`assay policy`: trusting, checking, explaining and trying out a policy."""
