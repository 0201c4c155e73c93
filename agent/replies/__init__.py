"""What is said to the customer: phrases, replies composed from results, and the gate that every reply passes."""
