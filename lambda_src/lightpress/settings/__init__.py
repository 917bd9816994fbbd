"""What the stack tells each function: the only readers of the environment.

There is a module for each function, so that a cold start makes the classes of one alone.
"""
