"""RobMedNAS: configurable U-Nets that predict CT from MR [robmednas]."""
