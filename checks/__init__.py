"""What can be looked at: the only room that talks to a cloud. It knows nothing of rules, evidence or the agent."""
