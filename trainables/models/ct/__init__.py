"""Networks that predict CT, beside the configurable U-Net."""
