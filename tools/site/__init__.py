"""The documentation as a site: the Markdown files of the repository, built by Zensical. `make site`."""
