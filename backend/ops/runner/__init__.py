"""`make run`: starts the servers and every process of the service, watches them, and stops them together.

Kept free of imports: backend.ops.bootstrap uses ``ports`` before anything is installed.
"""
