"""What a person sees of the sandbox in a browser."""
