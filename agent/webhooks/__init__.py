"""Signed messages to the organisation's own systems when the state of a control changes."""
