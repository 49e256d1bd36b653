"""The audit: where code meets deployment. Which scaling group can stop its own instances, and why."""
