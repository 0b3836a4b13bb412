"""Samples that can be drawn again by hand from a population that was sealed before."""
