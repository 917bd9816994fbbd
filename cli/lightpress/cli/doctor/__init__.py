"""`lightpress doctor`: what is in the way of a deployment, and whether an image passes through it."""
