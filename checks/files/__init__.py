"""Files that a person exports: rosters and lists that no cloud keeps."""
