"""A shop's own consultations in, scrubbed and labelled training samples out; see README.md beside this file."""
