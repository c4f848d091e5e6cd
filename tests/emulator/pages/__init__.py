"""Browser tests of the emulator's pages."""
