"""Parses what people write into sentences, clauses and words. Used by the judge and the soak check.

Public modules: `clauses`, `forms`, `lexicon`, `objects`, `text`, `topics`, `words`.
"""
