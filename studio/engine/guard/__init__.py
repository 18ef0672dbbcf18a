"""What a model keeps to say when its predictions should not be trusted: how strange a row is, how
often confident predictions were right, and how its columns were distributed.
"""
