"""What follows a RobMedNAS search: retraining, test, corruption, stability [robmednas]."""
