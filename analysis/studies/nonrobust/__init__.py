"""What the nonrobust study adds to the analysis of its runs."""
