"""TSynD: classifiers trained beside images of high epistemic uncertainty [tsynd]."""
