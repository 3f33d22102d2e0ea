"""What a list, a score or a catalogue is worth: one value per list.

Means, intervals and how many lists were dropped belong to the chapter.
"""
