"""The shop's assistant as one script tag for any page: a launcher, and the panel that it opens."""
