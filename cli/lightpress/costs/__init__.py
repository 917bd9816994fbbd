"""What running Lightpress costs."""
