"""Files in folders that need not be there."""

import os


def put(folder, name, data):
    """Write a file below a folder, making the folders of its name, the first one too."""
    path = folder
    for part in name.split("/"):
        try:
            os.mkdir(path)
        except OSError:
            pass
        path += "/" + part
    with open(path, "wb") as file:
        file.write(data)
