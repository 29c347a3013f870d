"""Device, precision, seeds, memory, files and checked settings: no study and no science."""
