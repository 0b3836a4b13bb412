"""One module a family of resources: each function makes one resource and says what it made."""
