"""Keys that let a program act for a person or an organisation: who may make them, what they open, when they end."""
