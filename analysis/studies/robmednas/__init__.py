"""What RobMedNAS adds: architectures, corruption and stability."""
