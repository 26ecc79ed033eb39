"""Secrets in texts, files and commits: finding, masking, fingerprints.

Used by every room that keeps or shows a text.
"""
