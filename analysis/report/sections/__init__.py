"""The sections of a run's page, one function each: from a run to HTML, or to nothing."""
