"""What figures and tables show, as tidy frames: all computing happens here."""
