"""What a pull request changes, told in Markdown."""
