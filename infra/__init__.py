"""The cloud, and checks of what is installed, sent to a cluster and watched: run by `make`."""
