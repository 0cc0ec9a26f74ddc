"""The pages of rounds, for coordinators, students and organisations."""
