"""What `python -m profiles` prints, a file for each kind of question; `profiles.__main__` reads the arguments."""
