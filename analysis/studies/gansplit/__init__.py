"""What the study of authentic and synthetic images adds to the analysis of its runs."""
