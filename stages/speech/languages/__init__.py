"""Languages beside English: data files of how they are read aloud."""
