"""What several checks ask of a snapshot. Knows no check; any check may use it.

Public modules: `change`, `description`, `modes`, `path_index`, `patterns`, `references`,
`reviews`, `statuses`, `text_cache`, `wording`.
"""
