"""The decomposition of the nonrobust study: tables over datasets, and of any run's winner."""
