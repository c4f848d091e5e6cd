"""Codes: what a scan means, the code as a picture, and the sheets that are printed. No database, no network."""
