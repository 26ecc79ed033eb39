"""What Forgejo says of one target: title, texts, comments, labels, timeline, permissions. Used by observe and soaks."""
