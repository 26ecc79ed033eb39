"""The signals of the rules judge: what words, paths, structure and age say."""
