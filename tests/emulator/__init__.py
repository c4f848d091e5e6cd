"""Tests of the platform emulator: each rule of the platform contract that it offers has one by its number."""
