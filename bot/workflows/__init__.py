"""Linting changed workflows by schema and by zizmor. Used by observe."""
