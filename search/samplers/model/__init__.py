"""What `bayes` is made of: configs as arrays, Gaussian processes, and the search for the best."""
