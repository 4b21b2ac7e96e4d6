"""What keeps prices and calendars current: a folder for each service, with a job that fetches from it."""
