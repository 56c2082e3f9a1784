"""Readers of tshark's dissections, one a protocol, for `compare_values.py`."""
