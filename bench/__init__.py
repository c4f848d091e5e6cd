"""What is measured, and beside whom: one file per benchmark. Nothing here is imported by the program."""
