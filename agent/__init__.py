"""Assay: policy-as-code continuous control monitoring with sealed evidence."""

__version__ = "0.1.0"
