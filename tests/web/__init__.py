"""Tests in a browser of what is served, and of everything together."""
