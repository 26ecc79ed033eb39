"""What commands print: reports, differences, and help."""
