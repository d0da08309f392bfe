"""People and access: users, organisations, invitations."""
