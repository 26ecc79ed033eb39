"""`assay contract`: a template for the description of a pull request, before it exists."""
