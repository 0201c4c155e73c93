"""Random shops: what shops sell and know (YAML beside this module), and shop directories drawn from it by seed."""
