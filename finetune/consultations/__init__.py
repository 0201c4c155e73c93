"""The project's own consultations: invented, written by hand, with the calls that a perfect agent makes (README.md)."""
