"""A presenter made by a program of the team's own: its inputs checked, its run bounded."""
