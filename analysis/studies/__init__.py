"""What single studies add to the analysis of a run."""
