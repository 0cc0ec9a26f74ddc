"""What a program can do: the same commands and questions as the pages, as REST under /api/v1/."""
