"""`tictally-edge doctor`: looks at everything the edge needs, and says in sentences what is wrong and what to do."""
