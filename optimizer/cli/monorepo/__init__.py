"""What `dockopt fix` needs for thousands of files, and for a few does not load: workers, results, owners, commits."""
