"""Who calls: keys of machines, tokens of visitors and customers, and how often they may."""
