"""What learners of several classification studies share."""
