"""What synthesis studies share: settings, slices on disk, measurement."""
