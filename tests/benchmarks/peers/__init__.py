"""What a user would do instead. These programs run in an environment of their own and import
nothing of the studio.
"""
