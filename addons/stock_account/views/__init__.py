"""What the glue adds to views."""
