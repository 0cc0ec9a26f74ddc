"""Forms of the public and the student's pages."""
