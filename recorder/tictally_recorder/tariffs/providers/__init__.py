"""Publishers of tariffs, one package each."""
