"""What the console and the pages inside WeChat have in common: what stands before each, and how pages are built."""
