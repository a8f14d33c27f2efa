"""Measures Muster beside others, side by side in one run: ratios, never absolute promises. ``make bench``."""
