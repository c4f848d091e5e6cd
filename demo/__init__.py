"""Plainly invented people and places, for a look and for benches. Nothing here is about anybody real."""
