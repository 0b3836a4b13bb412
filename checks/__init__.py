"""What can be looked at: the only room that talks to a cloud; it knows nothing of the agent."""
