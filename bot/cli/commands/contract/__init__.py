"""`assay contract`: what the description of a branch should say, before there is a pull request."""
