"""Broadcasts (群发): their life, whom they are for, and how they go out."""
