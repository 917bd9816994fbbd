"""What happens to messages that the queue gave up on."""
